// Reload without signals: on Windows a program of the console waits for a named event, which
// `throttle-service reload --pid N` sets. Elsewhere SIGHUP does this, and there is no event.
// reload_event_posix.cc and reload_event_win32.cc. Threads: the main thread; the event is waited
// for on a thread of the system's.
#pragma once

#include <cstdint>
#include <memory>

#include "libthrottle/app/control.h"
#include "libthrottle/core/result.h"

namespace throttle::app {

class ReloadEvent {
 public:
  // Asks `control`, which outlives it, for a reload each time the event is set. Error kUnavailable:
  // a program of another user has made an event of this name.
  static Result<ReloadEvent> watch(Control& control);
  ReloadEvent(ReloadEvent&&) noexcept;
  ReloadEvent& operator=(ReloadEvent&&) noexcept;
  ~ReloadEvent();

 private:
  struct State;
  explicit ReloadEvent(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Sets the event of a program. Error kNotFound: there is none that waits for it in this session;
// kUnavailable: it belongs to another user.
Result<void> request_reload(std::uint32_t pid);

}  // namespace throttle::app
