// A part of a running process: the proxies, the leases, the HTTP server; later the journal, the
// event stream, sessions, the election.
//
// An Application starts its parts one after the other in the order of its Composition, and drains
// them in waves, as the Composition says too. A part knows nothing of the others except what the
// composition gives it. The life of a part:
//
//   constructed ──add_routes()──► start() ──► announce() ──► reload(), pause(), resume() …
//   ──► drain() ──► gone                                      close_now() any time after start()
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "libthrottle/app/supervisor.h"
#include "libthrottle/config/settings.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/router.h"
#include "libthrottle/pages/metrics_page.h"
#include "libthrottle/telemetry/limited_line.h"
#include "libthrottle/telemetry/logger.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "libthrottle/uv/loop.h"

namespace throttle::app {

// Calls its argument with the rights of the user that the process will run as. An error: it was
// not called.
using OpenFilesAs = std::function<Result<void>(const std::function<void()>& open)>;

// By `as`, or at once where that is empty.
inline Result<void> open_files(const OpenFilesAs& as, const std::function<void()>& open) {
  if (as) return as(open);
  open();
  return {};
}

// What every part works with. All of it outlives the parts.
struct Context {
  uv::Loop& loop;
  uv::LedgerRuntime& runtime;
  const telemetry::Logger& logger;
  telemetry::LimitedLines& limited_lines;
  const OpenFilesAs& open_files_as;  // around the opening of files; may be empty
};

class Part {
 public:
  using Drained = std::function<void()>;

  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  // The requests that it answers; before any part starts. The part outlives the router's use of it.
  virtual void add_routes(http::Router& /*router*/) {}
  // Its families on the metrics page, which the part outlives.
  virtual void write_metrics(TimePoint /*now*/, pages::MetricsPage& /*page*/) {}

  // Once. What was started is undone by the destructor, also after an error.
  virtual Result<void> start(const config::ServerSettings& /*settings*/) { return {}; }
  // All parts have started, and the process serves from now on: logs where this one does, with
  // Log::announce().
  virtual void announce(const config::ServerSettings& /*settings*/) const {}
  // Where it listens, once it has started.
  virtual std::vector<Listener> listeners() const { return {}; }

  // Puts other settings in force. What cannot be put in force is logged, and taken out of
  // `settings`, so that it counts as new at the next reload.
  virtual void reload(config::ServerSettings& /*settings*/) {}

  // A reload was refused: the settings of before stay in force.
  virtual void on_reload_refused(const Error& /*mistakes*/) {}

  // Nothing is granted until resume(). Each call of one is followed by one of the other.
  virtual void pause() {}
  virtual void resume() {}

  // How long drain() may take at most.
  virtual Duration drain_time() const { return {}; }
  // Takes no new work and lets the work under way finish, but cuts it off at `deadline`. Then it
  // calls `on_drained`, once; also from within drain() if there is nothing to wait for.
  // `on_drained` does not destroy the part.
  virtual void drain(TimePoint /*deadline*/, Drained on_drained) {
    const Drained drained = std::move(on_drained);
    drained();
  }
  // Cuts off all work now. If the part is draining, `on_drained` follows soon.
  virtual void close_now() {}
  // How much work is under way: connections, requests.
  virtual std::size_t open_count() const { return 0; }
};

}  // namespace throttle::app
