// The pages that every process with an HTTP server has: its index, health, readiness, version, and
// the metrics of the process and its log. It is ready while it grants: after its start-up grace,
// unless it is paused, or stops, or a service behind it does not answer. It drains in the first
// wave, so that /ready says so at once. Threads: the loop's.
#pragma once

#include <functional>
#include <string>

#include "libthrottle/app/part.h"
#include "libthrottle/pages/process_metrics.h"
#include "libthrottle/pages/status.h"

namespace throttle::app {

class StatusPart final : public Part {
 public:
  // What GET / shows.
  enum class Index : std::uint8_t {
    kWelcome,  // the semaphores, for people
    kRoutes,   // the routes, a line each
  };

  // What is wrong with what the process stands before; empty if nothing is.
  using Trouble = std::function<std::string()>;

  // `trouble` may be asked as long as the part lives.
  StatusPart(const Context& context, Index index, Trouble trouble = nullptr);

  void add_routes(http::Router& router) override;
  void write_metrics(TimePoint now, pages::MetricsPage& page) override;
  void reload(config::ServerSettings& settings) override;
  void on_reload_refused(const Error& /*mistakes*/) override { reloads_.succeeded = false; }
  void pause() override { readiness_.paused = true; }
  void resume() override { readiness_.paused = false; }
  void drain(TimePoint deadline, Drained on_drained) override;

 private:
  uv::LedgerRuntime& runtime_;
  const telemetry::Logger& logger_;
  telemetry::WallTime started_;
  pages::ReloadFacts reloads_;
  pages::Readiness readiness_;  // without the grace
  Index index_;
  Trouble trouble_;
};

}  // namespace throttle::app
