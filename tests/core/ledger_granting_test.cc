// Grants and their order: weighted counts, first come first served.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Granting : public LedgerTest {};

TEST_F(Granting, AFreeSemaphoreIsGrantedAtOnce) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId peer = add_peer();
  EXPECT_EQ(acquire(peer, "A"), kAcquired);
  EXPECT_TRUE(is_acquired(peer));
  EXPECT_EQ(remainder("A"), 0);
}

TEST_F(Granting, OneWhoDoesNotFitWaitsAndTakesNothing) {
  configure({{.name = "A", .full_count = 1}});
  asking("A");
  const PeerId waiter = add_peer();
  EXPECT_EQ(acquire(waiter, "A"), kPending);
  EXPECT_FALSE(is_acquired(waiter));
  EXPECT_EQ(remainder("A"), 0);
  EXPECT_EQ(state_of("A").pending, 1);
  EXPECT_EQ(state_of("A").waiting, 1U);
}

TEST_F(Granting, ThreeLeasesOfThreeAndTheFourthWaits) {
  configure({{.name = "A", .full_count = 3}});
  EXPECT_EQ(acquire(add_peer(), "A"), kAcquired);
  EXPECT_EQ(acquire(add_peer(), "A"), kAcquired);
  EXPECT_EQ(acquire(add_peer(), "A"), kAcquired);
  EXPECT_EQ(acquire(add_peer(), "A"), kPending);
}

TEST_F(Granting, ACountLargerThanWhatIsLeftWaits) {
  configure({{.name = "A", .full_count = 5}});
  EXPECT_EQ(acquire(add_peer(), "A", 3), kAcquired);
  EXPECT_EQ(remainder("A"), 2);
  EXPECT_EQ(acquire(add_peer(), "A", 3), kPending);
}

TEST_F(Granting, AReleaseGrantsTheFollowerWithoutItsAskingAgain) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId holder = asking("A");
  const PeerId waiter = asking("A");
  EXPECT_EQ(release(holder, "A"), ReleaseStatus::kReleased);
  EXPECT_TRUE(is_acquired(waiter));
  EXPECT_TRUE(holds(waiter, "A"));
  EXPECT_EQ(remainder("A"), 0);
}

TEST_F(Granting, FollowersAreServedInTheOrderInWhichTheyAsked) {
  configure({{.name = "A", .full_count = 3}});
  const PeerId first = asking("A"), second = asking("A"), third = asking("A");
  const PeerId fourth = asking("A"), fifth = asking("A"), sixth = asking("A");
  EXPECT_THAT(granted(), ElementsAre(first, second, third));
  remove_peer(second);
  EXPECT_THAT(granted(), ElementsAre(fourth));
  remove_peer(third);
  EXPECT_THAT(granted(), ElementsAre(fifth));
  remove_peer(first);
  EXPECT_THAT(granted(), ElementsAre(sixth));
  EXPECT_EQ(remainder("A"), 0);
}

TEST_F(Granting, ALargeCountAtTheHeadIsNotStarvedBySmallOnes) {
  configure({{.name = "A", .full_count = 5}});
  const PeerId holder = asking("A", 1);
  const PeerId large = asking("A", 5);
  const PeerId small = asking("A", 1);
  EXPECT_FALSE(is_acquired(small)) << "it would fit, but may not overtake";
  EXPECT_EQ(remainder("A"), 4);
  release(holder, "A");
  EXPECT_TRUE(is_acquired(large));
  EXPECT_FALSE(is_acquired(small));
  EXPECT_EQ(remainder("A"), 0);
}

TEST_F(Granting, SeveralFollowersAreGrantedByOneReleaseIfTheyFit) {
  configure({{.name = "A", .full_count = 5}});
  const PeerId holder = asking("A", 5);
  const PeerId one = asking("A", 1), two = asking("A", 2), three = asking("A", 3);
  events();
  release(holder, "A");
  EXPECT_THAT(granted(), ElementsAre(one, two));
  EXPECT_FALSE(is_acquired(three));
  EXPECT_EQ(remainder("A"), 2);
}

TEST_F(Granting, AHeadThatLeavesLetsItsFollowersThrough) {
  configure({{.name = "A", .full_count = 5}});
  asking("A", 1);
  const PeerId large = asking("A", 5);
  const PeerId one = asking("A", 1), two = asking("A", 2);
  events();
  EXPECT_EQ(release(large, "A"), ReleaseStatus::kCancelled);
  EXPECT_THAT(granted(), ElementsAre(one, two));
}

TEST_F(Granting, AHeadThatIsRemovedLetsItsFollowersThrough) {
  configure({{.name = "A", .full_count = 5}});
  asking("A", 1);
  const PeerId large = asking("A", 5);
  const PeerId one = asking("A", 1), two = asking("A", 2);
  events();
  remove_peer(large);
  EXPECT_THAT(granted(), ElementsAre(one, two));
}

TEST_F(Granting, AWaiterInTheMiddleLeavesWithoutDisturbingTheOthers) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId holder = asking("A");
  const PeerId first = asking("A"), second = asking("A"), third = asking("A");
  release(second, "A");
  events();
  remove_peer(holder);
  remove_peer(first);
  EXPECT_THAT(granted(), ElementsAre(first, third));
}

TEST_F(Granting, TheLastOfAQueueLeavesAndANewOneStandsBehindTheRest) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId holder = asking("A");
  const PeerId first = asking("A"), last = asking("A");
  release(last, "A");
  const PeerId newcomer = asking("A");
  events();
  remove_peer(holder);
  remove_peer(first);
  EXPECT_THAT(granted(), ElementsAre(first, newcomer));
}

TEST_F(Granting, OneWhoCancelsAndComesBackStandsAtTheEnd) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId holder = asking("A");
  const PeerId fickle = asking("A"), patient = asking("A");
  release(fickle, "A");
  EXPECT_EQ(acquire(fickle, "A"), kPending);
  events();
  remove_peer(holder);
  EXPECT_THAT(granted(), ElementsAre(patient));
}

TEST_F(Granting, AReleaseOfALockThatIsNotHeldLeavesAWaitForAnotherAlone) {
  configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 1}});
  asking("A");
  const PeerId waiter = asking("A");
  const LedgerPicture before = picture();
  EXPECT_EQ(release(waiter, "B"), ReleaseStatus::kNotHeld);
  EXPECT_EQ(picture(), before);
}

TEST_F(Granting, AReleaseTouchesNeitherOtherPeersNorOtherSemaphores) {
  configure(
      {{.name = "A", .full_count = 3, .level = 0}, {.name = "B", .full_count = 3, .level = 1}});
  const PeerId other = asking("A");
  const PeerId peer = asking("B");
  acquire(peer, "A");
  events();
  release(peer, "A");
  EXPECT_TRUE(holds(other, "A"));
  EXPECT_TRUE(holds(peer, "B"));
  EXPECT_FALSE(holds(peer, "A"));
  EXPECT_EQ(events().size(), 1U) << "the end of one lease, nothing else";
}

TEST_F(Granting, SemaphoresHaveQueuesOfTheirOwn) {
  configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 1}});
  asking("A");
  const PeerId waits_for_a = asking("A");
  EXPECT_EQ(acquire(add_peer(), "B"), kAcquired);
  EXPECT_FALSE(is_acquired(waits_for_a));
}

TEST_F(Granting, RemovingAPeerGivesBackAllItHeld) {
  configure({{.name = "A", .full_count = 2, .level = 0},
             {.name = "B", .full_count = 2, .level = 1},
             {.name = "C", .full_count = 2, .level = 2}});
  const PeerId peer = asking("C", 2);
  acquire(peer, "B", 1);
  acquire(peer, "A", 2);
  const PeerId waits_for_c = asking("C"), waits_for_a = asking("A", 2);
  EXPECT_EQ(remove_peer(peer), Presence::kKnown);
  EXPECT_TRUE(is_acquired(waits_for_c));
  EXPECT_TRUE(is_acquired(waits_for_a));
  EXPECT_EQ(remainder("A"), 0);
  EXPECT_EQ(remainder("B"), 2);
  EXPECT_EQ(remainder("C"), 1);
}

TEST_F(Granting, ReleasingOneOfTwoLocksKeepsTheOther) {
  configure({{.name = "A", .full_count = 1, .level = 1}, {.name = "B", .full_count = 1}});
  const PeerId peer = asking("A");
  acquire(peer, "B");
  const PeerId waits_for_b = asking("B");
  release(peer, "B");
  EXPECT_TRUE(is_acquired(waits_for_b));
  EXPECT_TRUE(holds(peer, "A"));
  EXPECT_TRUE(is_acquired(peer));
}

TEST_F(Granting, PeersWithoutLocksCountAsAcquired) {
  configure({{.name = "A", .full_count = 1}});
  EXPECT_TRUE(is_acquired(add_peer()));
  EXPECT_EQ(ledger().is_acquired(4711), std::nullopt);
}

TEST_F(Granting, CountsUpToTheLargestAreAdded) {
  constexpr Count kMost = std::numeric_limits<Count>::max();
  configure({{.name = "A", .full_count = kMost}});
  const PeerId all_but_one = asking("A", kMost - 1);
  EXPECT_EQ(remainder("A"), 1);
  const PeerId all = asking("A", kMost);
  EXPECT_FALSE(is_acquired(all));
  const PeerId all_again = asking("A", kMost);
  EXPECT_EQ(state_of("A").pending, kMost) << "the sum of the waiting counts saturates";
  release(all_but_one, "A");
  EXPECT_TRUE(is_acquired(all));
  EXPECT_FALSE(is_acquired(all_again));
  EXPECT_EQ(remainder("A"), 0);
  EXPECT_EQ(state_of("A").pending, kMost);
}

TEST_F(Granting, OnceHoldersAreGoneEveryWaiterIsGranted) {
  configure({{.name = "A", .full_count = 4}});
  std::vector<PeerId> peers;
  for (Count i = 0; i < 40; ++i)
    peers.push_back(asking("A", 1 + i % 4));
  for (const PeerId peer : peers) {
    EXPECT_TRUE(is_acquired(peer));
    release(peer, "A");
  }
  EXPECT_THAT(granted(), ::testing::ElementsAreArray(peers));
  EXPECT_EQ(remainder("A"), 4);
}

}  // namespace
}  // namespace throttle::testing
