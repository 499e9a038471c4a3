// The lease protocol over HTTP: the lease door, its timer, and the answers to parked requests.
// Threads: the loop's.
#pragma once

#include <span>

#include "libthrottle/app/late_answers.h"
#include "libthrottle/app/part.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/uv/timer.h"

namespace throttle::app {

class LeasePart final : public Part, public LateAnswers {
 public:
  // `witness` sees what operators end by force; it may be empty.
  LeasePart(const Context& context, lease::KickWitness witness);

  // Those of the protocol, and /leases.
  void add_routes(http::Router& router) override;
  void write_metrics(TimePoint now, pages::MetricsPage& page) override;
  Result<void> start(const config::ServerSettings& settings) override;
  void reload(config::ServerSettings& settings) override;

  void answer_through(Responder& responder) override { responder_ = &responder; }
  void begin_request(TimePoint now) override { door_.begin_request(now); }
  void deliver() override;
  void abandon(http::ExchangeId exchange) override;
  void stop_parking() override;

 private:
  void set_bounds(const config::ServerSettings& settings);
  void observe(std::span<const LedgerEvent> events);
  void on_due();

  uv::LedgerRuntime& runtime_;
  telemetry::Log log_;
  lease::LeaseDoor door_;
  std::size_t max_peers_ = 0;  // in force since the start
  Responder* responder_ = nullptr;
  uv::Timer timer_;
  LedgerHub::Subscription subscription_;
};

}  // namespace throttle::app
