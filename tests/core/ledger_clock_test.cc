// What waits for a later time: grants for the end of the grace, removals after a late waking.
#include "libthrottle/core/ledger_clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

TEST(LedgerClock, NeverRunsBackwards) {
  LedgerClock clock(kStart, 0s, kForever);
  clock.pass(kStart + 2s);
  clock.pass(kStart + 1s);
  EXPECT_EQ(clock.now(), kStart + 2s);
  EXPECT_EQ(clock.after(1s), kStart + 3s);
  EXPECT_EQ(clock.after(kForever), kNever);
}

TEST(LedgerClock, HasNoGraceUnlessOneIsAskedFor) {
  LedgerClock clock(kStart, 0s, kForever);
  EXPECT_TRUE(clock.grants_open());
  EXPECT_EQ(clock.grace_end(), kNever);
  EXPECT_FALSE(clock.take_grace_end());
}

TEST(LedgerClock, SaysOnceThatTheGraceIsOver) {
  LedgerClock clock(kStart, 10s, kForever);
  EXPECT_EQ(clock.grace_end(), kStart + 10s);
  clock.pass(kStart + 10s - 1ns);
  EXPECT_FALSE(clock.grants_open());
  EXPECT_FALSE(clock.take_grace_end());
  clock.pass(kStart + 10s);
  EXPECT_TRUE(clock.grants_open());
  EXPECT_TRUE(clock.take_grace_end());
  EXPECT_FALSE(clock.take_grace_end());
  EXPECT_EQ(clock.grace_end(), kNever);
}

TEST(LedgerClock, IsLateOnlyBeyondTheTolerance) {
  LedgerClock clock(kStart, 0s, 1s);
  clock.pass(kStart + 5s);
  EXPECT_EQ(clock.lateness(kStart + 4s), 0s);
  EXPECT_EQ(clock.lateness(kStart + 4s - 1ns), 1s + 1ns);
  EXPECT_EQ(clock.lateness(kNever), 0s);
}

TEST(LedgerClock, IsNeverLateWithoutATolerance) {
  LedgerClock clock(kStart, 0s, kForever);
  clock.pass(kNever);
  EXPECT_EQ(clock.lateness(kStart), 0s);
}

TEST(LedgerClock, SparesWhatIsDueForAWhile) {
  LedgerClock clock(kStart, 0s, 1s);
  EXPECT_TRUE(clock.removals_open());
  EXPECT_EQ(clock.removal(kStart + 1s), kStart + 1s);
  clock.spare(2s);
  EXPECT_FALSE(clock.removals_open());
  EXPECT_EQ(clock.removal(kStart + 1s), kStart + 2s);
  EXPECT_EQ(clock.removal(kStart + 3s), kStart + 3s);
  clock.pass(kStart + 2s);
  EXPECT_TRUE(clock.removals_open());
}

}  // namespace
}  // namespace throttle
