// The stream of events in a running process: what happens to the ledger, what operators do to it,
// and reloads go to the backlog, and once a turn the streams that have something to write are
// resumed. It works without a journal; with one, both number the same events alike.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "libthrottle/app/late_answers.h"
#include "libthrottle/app/part.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/pages/event_backlog.h"
#include "libthrottle/pages/event_streams.h"
#include "libthrottle/uv/timer.h"

namespace throttle::app {

class EventsPart final : public Part, public LateAnswers {
 public:
  struct Options {
    std::string_view tool;  // what the process calls itself
    std::uint64_t run = 0;  // names this life of it
    pages::EventSettings settings;
  };

  EventsPart(const Context& context, const Options& options);

  // /events.
  void add_routes(http::Router& router) override;
  void write_metrics(TimePoint now, pages::MetricsPage& page) override;
  Result<void> start(const config::ServerSettings& settings) override;
  void reload(config::ServerSettings& settings) override;
  void on_reload_refused(const Error& mistakes) override;

  void answer_through(Responder& responder) override { responder_ = &responder; }
  void begin_request(TimePoint /*now*/) override {}
  void deliver() override { wake(); }
  void abandon(http::ExchangeId /*exchange*/) override {}
  void stop_parking() override;

  // An operator ends what a peer has, before the ledger does.
  void on_kick(const lease::Kick& kick);

 private:
  void observe(std::span<const LedgerEvent> events);
  void set_clock();
  void wake();

  uv::LedgerRuntime& runtime_;
  pages::EventBacklog backlog_;
  pages::EventStreams streams_;
  Responder* responder_ = nullptr;
  uv::Timer comments_;
  LedgerHub::Subscription subscription_;
};

}  // namespace throttle::app
