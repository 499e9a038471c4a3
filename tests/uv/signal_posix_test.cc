// Signals that a process sends itself; on Windows only the console sends them.
#include <csignal>
#include <optional>

#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/signal.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

TEST(Signal, ReachesEveryWatcher) {
  Loop loop;
  int calls = 0;
  auto on_signal = [&] {
    if (++calls == 2) loop.stop();
  };
  auto one = Signal::watch(loop, SIGINT, on_signal);
  auto other = Signal::watch(loop, SIGINT, on_signal);
  ASSERT_TRUE(one && other);
  std::raise(SIGINT);
  run_until_stopped(loop);
  EXPECT_EQ(calls, 2);
}

TEST(Signal, MayBeDestroyedByItsCallback) {
  Loop loop;
  std::optional<Signal> signal;
  auto on_signal = [&] { signal.reset(); };
  auto watched = Signal::watch(loop, SIGUSR1, on_signal);
  ASSERT_TRUE(watched);
  signal = *std::move(watched);
  std::raise(SIGUSR1);
  loop.run();
  EXPECT_FALSE(signal);
}

}  // namespace
}  // namespace throttle::uv
