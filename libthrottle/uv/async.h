// Wakes the loop from another thread.
// Threads: wake() from any, the rest the loop's. The owner sees to it that no thread calls wake()
// while it moves or destroys the object.
#pragma once

#include "libthrottle/uv/box.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

class Async {
 public:
  // `on_wake` runs on the loop; it may destroy the object as the last thing it does.
  Async(Loop& loop, Callback<void()> on_wake);
  ~Async();
  Async(Async&&) noexcept;
  Async& operator=(Async&&) noexcept;

  // Has on_wake called soon. Several calls may become one, but none is lost: what was written
  // before wake() is seen by a callback. Never blocks.
  void wake() noexcept;

 private:
  struct Box;
  BoxOwner<Box> box_;
};

}  // namespace throttle::uv
