// A signal of the operating system as a callback on the loop.
//
// On Windows SIGINT is Ctrl+C, SIGBREAK Ctrl+Break and SIGHUP the closing of the console; the
// others never come. Threads: the loop's.
#pragma once

#include "libthrottle/core/result.h"
#include "libthrottle/uv/box.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

// SIGHUP and SIGWINCH (the terminal's size has changed), which Windows knows by libuv alone.
inline constexpr int kHangUpSignal = 1;
inline constexpr int kResizeSignal = 28;

class Signal {
 public:
  // Catches signal `number` (SIGTERM) until it is destroyed; several objects may watch one signal.
  // `on_signal` may destroy the object as the last thing it does. Error kInvalidArgument for a
  // number that is no signal or cannot be caught, kExhausted without descriptors.
  static Result<Signal> watch(Loop& loop, int number, Callback<void()> on_signal);
  ~Signal();
  Signal(Signal&&) noexcept;
  Signal& operator=(Signal&&) noexcept;

 private:
  struct Box;
  explicit Signal(BoxOwner<Box> box);
  BoxOwner<Box> box_;
};

}  // namespace throttle::uv
