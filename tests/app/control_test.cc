// Requests before, while and after an Application is attached.
#include "libthrottle/app/control.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/uv/async.h"
#include "tests/uv/run_guard.h"

namespace throttle::app {
namespace {

TEST(Control, HandsOverWhatWasRequestedOnce) {
  Control control;
  control.reload();
  control.stop("a test");
  control.stop("another one");
  const Control::Requests asked = control.take();
  EXPECT_TRUE(asked.reload);
  EXPECT_TRUE(asked.stop);
  EXPECT_FALSE(asked.stop_now);
  EXPECT_EQ(asked.asked_by, "a test");
  const Control::Requests again = control.take();
  EXPECT_FALSE(again.reload);
  EXPECT_FALSE(again.stop);
}

TEST(Control, OfPauseAndResumeTheLatestCounts) {
  Control control;
  control.pause();
  control.resume();
  Control::Requests asked = control.take();
  EXPECT_FALSE(asked.pause);
  EXPECT_TRUE(asked.resume);
  control.resume();
  control.pause();
  asked = control.take();
  EXPECT_TRUE(asked.pause);
  EXPECT_FALSE(asked.resume);
}

TEST(Control, WakesTheLoopFromAnyThreadAndForRequestsOfBefore) {
  uv::Loop loop;
  int woken = 0;
  auto on_wake = [&] {
    ++woken;
    loop.stop();
  };
  uv::Async wake_up(loop, on_wake);
  Control control;
  control.pause();
  control.attach(wake_up);
  uv::run_until_stopped(loop);
  EXPECT_EQ(woken, 1);

  std::thread other([&] { control.reload(); });
  uv::run_until_stopped(loop);
  other.join();
  EXPECT_TRUE(control.take().reload);
  control.detach();
}

TEST(Control, MayBeAskedWhileTheLoopGoesAway) {
  Control control;
  std::vector<std::thread> askers;
  {
    uv::Loop loop;
    auto on_wake = [] {};
    uv::Async wake_up(loop, on_wake);
    control.attach(wake_up);
    for (int i = 0; i < 4; ++i) {
      askers.emplace_back([&control] {
        for (int n = 0; n < 1000; ++n)
          control.stop("a thread");
      });
    }
    control.detach();
  }
  for (std::thread& asker : askers)
    asker.join();
  EXPECT_TRUE(control.take().stop);
}

}  // namespace
}  // namespace throttle::app
