// The loop, its own or adopted, the clocks, and what wakes it: timers, other threads, signals.
#include "libthrottle/uv/loop.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/uv/async.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/signal.h"
#include "libthrottle/uv/timer.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using namespace std::chrono_literals;

TEST(Loop, EndsTheProcessIfAHandleOutlivesIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto on_wake = [] {};
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<Loop>();
        Async async(*loop, on_wake);
        loop.reset();
      },
      "open_handles");
}

TEST(Loop, ReturnsWhenNothingIsLeftToDo) {
  Loop loop;
  int calls = 0;
  auto on_due = [&] { ++calls; };
  Timer timer(loop, on_due);
  timer.arm(now());
  loop.run();
  EXPECT_EQ(calls, 1);
}

// A loop of the program's own, with a timer of its own in it.
class AdoptedLoopTest : public testing::Test {
 protected:
  AdoptedLoopTest() {
    uv_loop_init(&uv);
    uv.data = this;
    uv_timer_init(&uv, &timer);
    uv_timer_start(
        &timer, [](uv_timer_t*) noexcept {}, 0, 0);
  }
  ~AdoptedLoopTest() override {
    uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&uv, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&uv), 0) << "it is the program that closes its loop";
    EXPECT_EQ(uv.data, this);
  }

  uv_loop_t uv{};
  uv_timer_t timer{};
};

TEST_F(AdoptedLoopTest, CallsBackWhileTheProgramRunsItsOwn) {
  Loop loop(uv);
  int calls = 0;
  auto on_due = [&] { ++calls; };
  {
    Timer ours(loop, on_due);
    ours.arm(now());
    uv_run(&uv, UV_RUN_DEFAULT);
  }
  uv_run(&uv, UV_RUN_DEFAULT);
  EXPECT_EQ(calls, 1);
}

TEST_F(AdoptedLoopTest, MayBeDestroyedWhileHandlesOfTheProgramAreOpen) {
  {
    Loop loop(uv);
    EXPECT_EQ(loop.raw(), &uv);
  }
  EXPECT_EQ(uv_is_closing(reinterpret_cast<uv_handle_t*>(&timer)), 0);
}

TEST_F(AdoptedLoopTest, EndsTheProcessIfAStreamOutlivesIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<Loop>(uv);
        loop->add_stream();
        loop.reset();
      },
      "streams == 0");
}

TEST_F(AdoptedLoopTest, IsNotRunByUs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Loop loop(uv);
  EXPECT_DEATH(loop.run(), "is_adopted");
  EXPECT_DEATH(loop.stop(), "is_adopted");
}

TEST(Clock, CountsUpInNanoseconds) {
  const TimePoint first = now();
  while (now() == first) {
  }
  EXPECT_GT(now(), first);
  EXPECT_LT(now() - first, 1h);
}

TEST(Clock, CountsTheWallClockFrom2025) {
  const std::int64_t unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count();
  EXPECT_NEAR(static_cast<double>(wall_ms()), static_cast<double>(unix_ms - 1'735'689'600'000),
              60'000.0);
}

class TimerTest : public testing::Test {
 protected:
  void on_due() {
    fired_at.push_back(now());
    turns.push_back(loop.turn_time());
    if (fired_at.size() < wanted) {
      timer.arm(rearm_at);
    } else {
      loop.stop();
    }
  }

  Loop loop;
  Timer timer{loop, bound<&TimerTest::on_due>(this)};
  std::vector<TimePoint> fired_at;
  std::vector<TimePoint> turns;  // when the loop's turns began in which it fired
  std::size_t wanted = 1;
  TimePoint rearm_at{};
};

TEST_F(TimerTest, NeverFiresEarly) {
  for (Duration delay(1); delay < 4ms; delay += 370us) {
    const TimePoint due = now() + delay;
    fired_at.clear();
    timer.arm(due);
    run_until_stopped(loop);
    ASSERT_EQ(fired_at.size(), 1U);
    EXPECT_GE(fired_at.front(), due);
  }
}

TEST_F(TimerTest, FiresAtOnceForThePast) {
  timer.arm(TimePoint{});
  run_until_stopped(loop);
  EXPECT_EQ(fired_at.size(), 1U);
}

TEST_F(TimerTest, LetsTheLoopLiveWhenItsCallbackArmsForThePast) {
  wanted = 3;
  timer.arm(TimePoint{});
  run_until_stopped(loop);
  ASSERT_EQ(fired_at.size(), 3U);
  EXPECT_LT(turns[0], turns[1]);
  EXPECT_LT(turns[1], turns[2]);
}

TEST_F(TimerTest, StaysSilentUntilNever) {
  timer.arm(kNever);
  loop.run();  // nothing keeps it
  timer.arm(kNever - Duration(1));
  run_briefly(loop);
  EXPECT_TRUE(fired_at.empty());
}

TEST_F(TimerTest, ForgetsWhatWasArmedBefore) {
  timer.arm(now() + 1ms);
  timer.arm(now() + 1h);
  run_briefly(loop);
  EXPECT_TRUE(fired_at.empty());
  timer.arm(now() + 1ms);
  timer.disarm();
  run_briefly(loop);
  EXPECT_TRUE(fired_at.empty());
  timer.arm(now() + 1ms);
  run_until_stopped(loop);
  EXPECT_EQ(fired_at.size(), 1U);
}

TEST_F(TimerTest, KeepsItsReceiverWhenItIsMoved) {
  timer.arm(now());
  Timer moved = std::move(timer);
  run_until_stopped(loop);
  EXPECT_EQ(fired_at.size(), 1U);
}

TEST(Timer, MayBeDestroyedByItsCallback) {
  Loop loop;
  std::optional<Timer> timer;
  auto on_due = [&] { timer.reset(); };
  timer.emplace(loop, on_due);
  timer->arm(now());
  loop.run();
  EXPECT_FALSE(timer);
}

TEST(Async, WakesTheLoopFromAnotherThread) {
  Loop loop;
  int written = 0;
  int seen = 0;
  auto on_wake = [&] {
    seen = written;
    loop.stop();
  };
  Async async(loop, on_wake);
  std::jthread other([&] {
    written = 42;
    async.wake();
  });
  run_until_stopped(loop);
  EXPECT_EQ(seen, 42);
}

TEST(Async, LosesNoWakeUp) {
  Loop loop;
  constexpr int kWakes = 1000;
  std::atomic<int> written = 0;
  int seen = 0;
  auto on_wake = [&] {
    seen = written;
    if (seen == kWakes) loop.stop();
  };
  Async async(loop, on_wake);
  std::jthread other([&] {
    for (int i = 0; i < kWakes; ++i) {
      ++written;
      async.wake();
    }
  });
  run_until_stopped(loop);
  EXPECT_EQ(seen, kWakes);
}

TEST(Signal, RefusesWhatIsNone) {
  Loop loop;
  auto on_signal = [] {};
  const auto signal = Signal::watch(loop, 0, on_signal);
  ASSERT_FALSE(signal);
  EXPECT_EQ(signal.error().message, "cannot watch signal 0: invalid argument");
  EXPECT_EQ(signal.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace throttle::uv
