// Lock hierarchies: a peer that holds a lock asks only for locks of lower levels, so that no two
// peers can wait for each other.
#include <limits>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;

class Hierarchy : public LedgerTest {
 protected:
  Hierarchy() {
    configure({{.name = "low", .full_count = 1, .level = 0},
               {.name = "middle", .full_count = 1, .level = 1},
               {.name = "beside", .full_count = 1, .level = 1},
               {.name = "high", .full_count = 1, .level = 2}});
  }
};

TEST_F(Hierarchy, LocksAreTakenFromHighToLow) {
  const PeerId peer = asking("high");
  EXPECT_EQ(acquire(peer, "middle"), kAcquired);
  EXPECT_EQ(acquire(peer, "low"), kAcquired);
}

TEST_F(Hierarchy, LevelsMayBeSkipped) {
  const PeerId peer = asking("high");
  EXPECT_EQ(acquire(peer, "low"), kAcquired);
  EXPECT_EQ(acquire(peer, "middle"), kBreaksHierarchy);
}

TEST_F(Hierarchy, AHigherLevelIsRefused) {
  const PeerId peer = asking("low");
  EXPECT_EQ(acquire(peer, "high"), kBreaksHierarchy);
}

TEST_F(Hierarchy, TheSameLevelIsRefused) {
  const PeerId peer = asking("middle");
  EXPECT_EQ(acquire(peer, "beside"), kBreaksHierarchy);
}

TEST_F(Hierarchy, TheLowestLevelHeldCounts) {
  const PeerId peer = asking("high");
  acquire(peer, "middle");
  const AcquireOutcome outcome = ask({.peer = peer, .semaphore = "beside"});
  EXPECT_EQ(outcome.status, kBreaksHierarchy);
  EXPECT_EQ(outcome.held_level, 1);
}

TEST_F(Hierarchy, LocksAreReleasedInAnyOrder) {
  const PeerId peer = asking("high");
  acquire(peer, "middle");
  acquire(peer, "low");
  release(peer, "high");
  release(peer, "low");
  EXPECT_TRUE(holds(peer, "middle"));
  EXPECT_EQ(acquire(peer, "low"), kAcquired);
}

TEST_F(Hierarchy, ReleasingTheLowestOpensTheLevelsAboveIt) {
  const PeerId peer = asking("low");
  release(peer, "low");
  EXPECT_EQ(acquire(peer, "high"), kAcquired);
}

TEST_F(Hierarchy, APendingLockIsNoLockHeld) {
  asking("low");
  const PeerId peer = asking("low");
  EXPECT_EQ(acquire(peer, "high"), kOtherPending) << "not a matter of levels";
}

TEST_F(Hierarchy, ItBindsEachPeerAlone) {
  asking("low");
  EXPECT_EQ(acquire(add_peer(), "high"), kAcquired);
}

TEST_F(Hierarchy, RestoringDoesNotAskForLevels) {
  EXPECT_EQ(restore(42, {{"middle", 1}, {"beside", 1}, {"high", 1}}), RestoreStatus::kRestored);
  EXPECT_EQ(acquire(42, "low"), kAcquired);
}

TEST_F(Hierarchy, RestoredLocksBindLikeAnyOther) {
  restore(42, {{"high", 1}, {"low", 1}});
  EXPECT_EQ(acquire(42, "middle"), kBreaksHierarchy);
}

TEST_F(Hierarchy, LevelsAreAnyThirtyTwoBits) {
  constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
  constexpr auto kHighest = std::numeric_limits<std::int32_t>::max();
  configure({{.name = "lowest", .full_count = 1, .level = kLowest},
             {.name = "negative", .full_count = 1, .level = -1},
             {.name = "highest", .full_count = 1, .level = kHighest}});
  const PeerId peer = asking("highest");
  EXPECT_EQ(acquire(peer, "negative"), kAcquired);
  EXPECT_EQ(acquire(peer, "lowest"), kAcquired);
  EXPECT_EQ(acquire(peer, "highest"), kAcquired);
  release(peer, "negative");
  EXPECT_EQ(ask({.peer = peer, .semaphore = "negative"}).held_level, kLowest);
}

TEST_F(Hierarchy, TwoPeersThatNestNeverWaitForEachOther) {
  const PeerId one = asking("high"), other = asking("low");
  EXPECT_EQ(acquire(one, "low"), kPending);
  EXPECT_EQ(acquire(other, "high"), kBreaksHierarchy);
  release(other, "low");
  EXPECT_TRUE(is_acquired(one));
}

}  // namespace
}  // namespace throttle::testing
