// The keeper's limits with a counted clock.
#include "service/keeper_rules.h"

#include <gtest/gtest.h>

namespace throttle::service {
namespace {

using namespace std::chrono_literals;
using enum KeeperVerdict;

constexpr TimePoint kStart{1000s};

TEST(KeeperRules, ALoopThatHasNotBegunIsNotWatched) {
  EXPECT_EQ(KeeperRules().verdict(kStart + 24h), kAllWell);
}

TEST(KeeperRules, ALoopThatDoesNotTurnForAMinuteHangs) {
  KeeperRules rules;
  rules.on_turn(kStart);
  EXPECT_EQ(rules.verdict(kStart + 59s), kAllWell);
  EXPECT_EQ(rules.verdict(kStart + 60s), kHungLoop);
  rules.on_turn(kStart + 60s);
  EXPECT_EQ(rules.verdict(kStart + 119s), kAllWell);
}

TEST(KeeperRules, AStopMayTakeItsDrainAndTenSecondsMore) {
  KeeperRules rules;
  rules.on_stop(kStart, 30s);
  EXPECT_EQ(rules.verdict(kStart + 39s), kAllWell);
  EXPECT_EQ(rules.verdict(kStart + 40s), kHungStop);
}

TEST(KeeperRules, ASecondRequestToStopDoesNotProlongTheFirst) {
  KeeperRules rules;
  rules.on_stop(kStart, 30s);
  rules.on_stop(kStart + 20s, 30s);
  EXPECT_EQ(rules.verdict(kStart + 40s), kHungStop);
}

TEST(KeeperRules, TheApplicationsOwnDeadlineCountsOnceItIsKnown) {
  KeeperRules rules;
  rules.on_stop(kStart, 0s);
  rules.on_deadline(kStart + 300s);
  EXPECT_EQ(rules.verdict(kStart + 309s), kAllWell);
  EXPECT_EQ(rules.verdict(kStart + 310s), kHungStop);
}

TEST(KeeperRules, AHungLoopWithAStopIsAHungStop) {
  KeeperRules rules;
  rules.on_turn(kStart);
  rules.on_stop(kStart + 50s, 120s);
  EXPECT_EQ(rules.verdict(kStart + 100s), kAllWell);
  EXPECT_EQ(rules.verdict(kStart + 180s), kHungStop);
}

TEST(KeeperRules, ADrainWithoutALimitIsNeverHung) {
  KeeperRules rules;
  rules.on_stop(kStart, kForever);
  EXPECT_EQ(rules.verdict(kStart + 10'000h), kAllWell);
}

}  // namespace
}  // namespace throttle::service
