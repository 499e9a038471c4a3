// A wake-up at an instant: one shot, armed again as often as one likes.
//
// It never fires early: the instant is rounded up to the loop's millisecond. Its callback may arm
// it again, also for the past, without starving the loop: it fires at most once a millisecond.
// Threads: the loop's.
#pragma once

#include "libthrottle/core/time.h"
#include "libthrottle/uv/box.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

class Timer {
 public:
  // Disarmed. `on_due` may destroy the timer as the last thing it does.
  Timer(Loop& loop, Callback<void()> on_due);
  ~Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;

  // Fires at `when`, or in the next turn if that is past; replaces what was armed. kNever disarms.
  // Arming again for the same instant costs nothing.
  void arm(TimePoint when);
  void disarm();

 private:
  struct Box;
  BoxOwner<Box> box_;
};

}  // namespace throttle::uv
