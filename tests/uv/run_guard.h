// For tests on a real loop: runs it, and fails the test instead of hanging if nothing stops it.
#pragma once

#include <chrono>

#include <gtest/gtest.h>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {

// Only failures take this long, on however busy a machine.
inline constexpr auto kPatience = std::chrono::seconds(60);

// Runs until somebody calls loop.stop(). That nobody does within kPatience is a failure.
inline void run_until_stopped(Loop& loop) {
  bool overtime = false;
  auto on_overtime = [&] {
    overtime = true;
    loop.stop();
  };
  Timer guard(loop, on_overtime);
  guard.arm(now() + kPatience);
  loop.run();
  EXPECT_FALSE(overtime) << "nothing stopped the loop";
}

// Runs for a few turns, so that what is under way can happen; for what must not happen.
inline void run_briefly(Loop& loop,
                        std::chrono::milliseconds length = std::chrono::milliseconds(20)) {
  auto on_end = [&] { loop.stop(); };
  Timer end(loop, on_end);
  end.arm(now() + length);
  loop.run();
}

}  // namespace throttle::uv
