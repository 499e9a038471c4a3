// Runs the hooks of a proxy: as commands of the shell (ShellHooks), or as code of a program that
// uses the library, which may answer later.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle::proxy {

enum class HookKind : std::uint8_t {
  kBeforeActivate,  // a connection waits for its end, and is turned away if it fails
  kOnTimeout,       // nobody waits for its end
  kRecycle,         // all wait for its end
  kReady,           // after a recycling, until it succeeds: then the service is ready
};

// For people: "before-activate", "on-timeout", "recycle", "ready".
constexpr std::string_view name_of(HookKind kind) {
  switch (kind) {
    case HookKind::kBeforeActivate:
      return "before-activate";
    case HookKind::kOnTimeout:
      return "on-timeout";
    case HookKind::kRecycle:
      return "recycle";
    case HookKind::kReady:
      return "ready";
  }
  return {};
}

// Whether it runs for a connection; the others are about the service.
constexpr bool has_client(HookKind kind) {
  return kind == HookKind::kBeforeActivate || kind == HookKind::kOnTimeout;
}

// A connection that was granted its place.
struct Activation {
  PeerId peer = 0;
  SocketAddress client = {};
  Duration waited{};
  std::size_t queued = 0;    // how many wait behind it
  std::uint64_t number = 0;  // of the proxy's activations, from 1; 0 before it is prepared
};

// What a hook is called for.
struct HookCall {
  HookKind kind = HookKind::kBeforeActivate;
  Activation activation = {};  // it runs for this one; without a client: the latest number
  bool timed_out = false;      // a connection reached its time-to-live since the last activation
};

class HookRunner {
 public:
  // Is called about a hook that was started, until its Run is destroyed. Each call may destroy it.
  class Listener {
   public:
    virtual void on_line(std::string_view line) noexcept = 0;  // of output, for the log
    // Once. An error says why the hook failed. May come from within start().
    virtual void on_ended(Result<void> verdict) noexcept = 0;

   protected:
    ~Listener() = default;
  };

  // A hook that was started. Destroying it ends the hook, and the listener is not called any more.
  // It is destroyed when the hook has ended or takes too long, when its connection is cut off, and
  // when the proxy ends. A client that leaves is no reason.
  class Run {
   public:
    Run() = default;
    virtual ~Run() = default;
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
  };

  // Whether there is such a hook; if not it is not started, and counts as done.
  virtual bool wants(HookKind kind) const noexcept = 0;
  // `listener` outlives the Run. Error if it could not be started; then on_ended() is not called.
  virtual Result<std::unique_ptr<Run>> start(const HookCall& call, Listener& listener) = 0;

 protected:
  ~HookRunner() = default;
};

}  // namespace throttle::proxy
