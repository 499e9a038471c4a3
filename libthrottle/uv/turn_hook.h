// Calls back twice in each turn of a loop: right before the loop waits for events, and right after
// it has handled those that came.
//
// So whatever a callback of the loop has done is followed by such a call before the loop sleeps
// again: work that many callbacks ask for can be done once for all of them. It never wakes the loop
// up and does not keep it running. Threads: the loop's.
#pragma once

#include "libthrottle/uv/box.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

class TurnHook {
 public:
  // `on_turn` must not destroy the hook.
  TurnHook(Loop& loop, Callback<void()> on_turn);
  ~TurnHook();
  TurnHook(TurnHook&&) noexcept;
  TurnHook& operator=(TurnHook&&) noexcept;

 private:
  struct BeforeWait;
  struct AfterEvents;
  BoxOwner<BeforeWait> before_wait_;
  BoxOwner<AfterEvents> after_events_;
};

}  // namespace throttle::uv
