// The audit journal in a running process: the ledger's events and the connections of the proxies go
// to its recorder; what its writer has to say goes to the log.
//
// It is the first part to start, for what the ledger is configured with is recorded too, and the
// last to drain: then what is still queued is written, and what is open is closed as stopped.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/app/part.h"
#include "libthrottle/journal/recorder.h"
#include "libthrottle/journal/writer.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/pages/journal.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/uv/async.h"
#include "libthrottle/uv/timer.h"

namespace throttle::app {

class JournalPart final : public Part {
 public:
  // `settings` name a path. `tool` is what the run is called in the file.
  JournalPart(const Context& context, std::string_view tool, journal::Settings settings);
  ~JournalPart() override;

  // /journal.
  void add_routes(http::Router& router) override;
  void write_metrics(TimePoint now, pages::MetricsPage& page) override;
  // Tries to open the file. Errors: those of Writer::open(). A file that cannot be opened for a
  // reason that may pass is no error.
  Result<void> start(const config::ServerSettings& settings) override;
  void reload(config::ServerSettings& settings) override;
  void on_reload_refused(const Error& mistakes) override;
  Duration drain_time() const override;
  void drain(TimePoint deadline, Drained on_drained) override;

  // A proxied connection is over. From any call of the loop.
  void on_connection_ended(std::string_view proxy, const proxy::ConnectionRecord& record);
  // Names this life of the process in the file.
  std::uint64_t run() const { return run_; }
  // Why nothing is granted; empty if the journal lets grants be.
  std::string trouble() const;
  // An operator ends what a peer has, before the ledger does.
  void on_kick(const lease::Kick& kick);

 private:
  // What is written of a connection in a later turn, when the ledger's events of it are recorded.
  struct Ended {
    TimePoint at;
    std::string proxy;
    proxy::ConnectionRecord record;
  };

  void observe(std::span<const LedgerEvent> events);
  void on_messages();
  // Has on_due() called in a later turn, no later than after `delay`.
  void call_within(Duration delay);
  void on_due();
  void record_ended();
  void finish();
  // Pauses the ledger or goes on, as the recorder wants.
  void follow_pause();
  pages::JournalState state(TimePoint now) const;

  uv::LedgerRuntime& runtime_;
  const OpenFilesAs& open_files_as_;
  telemetry::Log log_;
  std::string tool_;
  journal::Settings settings_;
  std::uint64_t run_ = 0;  // names this life of the process; 53 bits
  std::shared_ptr<journal::Channel> channel_;
  std::optional<journal::Recorder> recorder_;  // from start() on
  uv::Async messages_;
  uv::Timer timer_;
  TimePoint due_ = kNever;  // of timer_
  bool paused_ = false;
  std::vector<Ended> ended_;
  Drained on_drained_;
  LedgerHub::Subscription subscription_;
  std::unique_ptr<journal::Writer> writer_;  // its thread wakes messages_
};

}  // namespace throttle::app
