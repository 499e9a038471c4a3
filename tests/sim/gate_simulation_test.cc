// Seeded simulation of gates and doors (gate_world.h): after any storm everybody was answered once
// and every place has come back; and the crash of old is found when the order of old is put back.
//
// The runs are always the same ones; THROTTLE_SEED=N repeats one, THROTTLE_SEEDS=N tries the first
// N.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/sim/environment.h"
#include "tests/sim/gate_world.h"

namespace throttle::testing {
namespace {

constexpr int kStormTurns = 600;
constexpr int kPeaceTurns = 5'000;

void storm(GateWorld& world) {
  for (int i = 0; i < kStormTurns && world.violation().empty(); ++i)
    world.turn();
}

TEST(GateSimulation, AfterAnyStormEveryClientWasAnsweredOnceAndEveryPlaceComesBack) {
  std::size_t admissions = 0;
  for (const std::uint64_t seed : seeds_to_run(25)) {
    SCOPED_TRACE("THROTTLE_SEED=" + std::to_string(seed));
    GateWorld world(seed, GateWorld::Order::kOnceATurn);
    storm(world);
    ASSERT_EQ(world.violation(), "");
    world.make_peace();
    for (int i = 0; i < kPeaceTurns && !world.is_over() && world.violation().empty(); ++i)
      world.turn();
    ASSERT_EQ(world.violation(), "");
    ASSERT_TRUE(world.is_over()) << "somebody waits for ever";
    admissions += world.admissions();
  }
  std::printf("%zu admissions\n", admissions);
  EXPECT_GT(admissions, 0U);
}

TEST(GateSimulation, FindsTheUseOfASessionAfterItsEndInTheOrderOfOld) {
  const std::vector<std::uint64_t> seeds = seeds_to_run(20);
  const auto crashes = [](std::uint64_t seed) {
    GateWorld world(seed, GateWorld::Order::kWithinEachChange);
    storm(world);
    return world.violation() == "a session is used after its end";
  };
  EXPECT_TRUE(std::ranges::any_of(seeds, crashes));
}

}  // namespace
}  // namespace throttle::testing
