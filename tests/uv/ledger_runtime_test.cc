// Events are handed on once a turn, whatever part of the turn caused them, and an idle process
// sleeps.
#include "libthrottle/uv/ledger_runtime.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>

#include "libthrottle/uv/async.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LedgerRuntimeTest : public testing::Test {
 protected:
  PeerId add_peer(Duration time_to_live = 1h) {
    return runtime.ledger().add_peer(now(),
                                     {.time_to_live = time_to_live, .address = {}, .label = {}});
  }

  Loop loop;
  LedgerRuntime runtime{loop};
  std::vector<std::size_t> batches;
  LedgerHub::Subscription subscription =
      runtime.hub().add_observer([this](std::span<const LedgerEvent> events) {
        batches.push_back(events.size());
        loop.stop();
      });
};

TEST_F(LedgerRuntimeTest, HandsOnWhatHappenedBeforeTheLoopRan) {
  add_peer();
  add_peer();
  EXPECT_THAT(batches, IsEmpty());
  run_until_stopped(loop);
  EXPECT_THAT(batches, ElementsAre(2U));
}

TEST_F(LedgerRuntimeTest, HandsOnWhatATimerCausedInTheSameTurn) {
  auto change = [&] { add_peer(); };
  Timer timer(loop, change);
  timer.arm(now() + 1ms);
  run_until_stopped(loop);
  EXPECT_THAT(batches, ElementsAre(1U));
}

TEST_F(LedgerRuntimeTest, HandsOnWhatAnEventOfTheSystemCausedInTheSameTurn) {
  auto change = [&] {
    add_peer();
    add_peer();
    loop.stop();  // this turn is the last one
  };
  Async async(loop, change);
  async.wake();
  run_until_stopped(loop);
  EXPECT_THAT(batches, ElementsAre(2U));
}

TEST_F(LedgerRuntimeTest, WakesUpForADeadlineThatCameWithoutAnEvent) {
  const PeerId peer = add_peer();
  run_until_stopped(loop);
  batches.clear();
  runtime.ledger().heartbeat(now(), peer, 5ms);
  run_until_stopped(loop);
  EXPECT_THAT(batches, ElementsAre(1U));
  EXPECT_FALSE(runtime.ledger().contains(peer));
}

TEST_F(LedgerRuntimeTest, SleepsWhenNothingHappens) {
  int turns = 0;
  auto count = [&] { ++turns; };
  const TurnHook counter(loop, count);
  run_briefly(loop, 50ms);
  EXPECT_LE(turns, 8) << "two calls a turn, and the turns of the timer that ends the run";
  EXPECT_THAT(batches, IsEmpty());
}

TEST_F(LedgerRuntimeTest, DoesNotKeepTheLoopRunning) {
  loop.run();
  EXPECT_THAT(batches, IsEmpty());
}

}  // namespace
}  // namespace throttle::uv
