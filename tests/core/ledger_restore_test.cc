// A peer reports to a ledger that forgot it what it holds: over-commit is deliberate, counted and
// shown.
#include <limits>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum RestoreStatus;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr Count kMost = std::numeric_limits<Count>::max();

class Restore : public LedgerTest {
 protected:
  Restore() {
    configure({{.name = "A", .full_count = 3}, {.name = "B", .full_count = 3, .level = 1}});
    events();
  }
};

TEST_F(Restore, BringsAPeerBackUnderItsIdWithItsLocks) {
  EXPECT_EQ(restore(5, {{"A", 2}, {"B", 1}}), kRestored);
  EXPECT_TRUE(is_acquired(5));
  EXPECT_TRUE(holds(5, "A"));
  EXPECT_EQ(remainder("A"), 1);
  EXPECT_EQ(remainder("B"), 2);
}

TEST_F(Restore, WorksWithoutAnyLock) {
  EXPECT_EQ(restore(5, {}), kRestored);
  EXPECT_TRUE(is_acquired(5));
}

TEST_F(Restore, AcceptsEveryId) {
  for (const PeerId id : {PeerId{0}, (PeerId{1} << 53U) + 1, std::numeric_limits<PeerId>::max()}) {
    EXPECT_EQ(restore(id, {{"A", 1}}), kRestored);
    EXPECT_TRUE(is_known(id));
  }
}

TEST_F(Restore, GoesBeyondTheFullCountAndShowsIt) {
  restore(1, {{"A", 3}});
  restore(2, {{"A", 2}});
  EXPECT_EQ(remainder("A"), -2);
  EXPECT_EQ(state_of("A").acquired, 5);
  const auto back = events_of(EventKind::kRestored);
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].excess, 0);
  EXPECT_EQ(back[1].excess, 2);
}

TEST_F(Restore, OnlyThePartBeyondTheFullCountIsExcess) {
  restore(1, {{"A", 2}});
  restore(2, {{"A", 3}});
  const auto back = events_of(EventKind::kRestored);
  EXPECT_EQ(back.back().excess, 2);
}

TEST_F(Restore, NothingIsGrantedUntilTheExcessIsGone) {
  restore(1, {{"A", 3}});
  restore(2, {{"A", 1}});
  const PeerId waiter = asking("A");
  remove_peer(2);
  EXPECT_FALSE(is_acquired(waiter)) << "three of three are held";
  release(1, "A");
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(Restore, DoesNotCountAsAGrant) {
  restore(1, {{"A", 1}});
  EXPECT_EQ(state_of("A").granted, 0U);
  EXPECT_THAT(granted(), IsEmpty());
}

TEST_F(Restore, TakesFromUnderThoseWhoWait) {
  const PeerId holder = asking("A", 3);
  const PeerId waiter = asking("A", 3);
  restore(1, {{"A", 1}});
  remove_peer(holder);
  EXPECT_FALSE(is_acquired(waiter));
  remove_peer(1);
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(Restore, RefusesUnknownNamesFirst) {
  EXPECT_EQ(restore(1, {{"A", 0}, {"unknown", 1}}), kUnknownSemaphore);
  EXPECT_FALSE(is_known(1));
  EXPECT_EQ(restore(1, {{"unknown", 1}}), kUnknownSemaphore);
  EXPECT_FALSE(is_known(1)) << "there is nothing to restore";
}

TEST_F(Restore, WithAnUnknownNameRestoresTheOthersAllTheSame) {
  EXPECT_EQ(restore(1, {{"A", 2}, {"unknown", 1}, {"B", 1}}, 10s), kUnknownSemaphore);
  EXPECT_TRUE(holds(1, "A"));
  EXPECT_TRUE(holds(1, "B"));
  EXPECT_EQ(remainder("A"), 1) << "nobody else is granted what the peer holds";
  pass(9s);
  EXPECT_EQ(restore(1, {{"A", 2}, {"unknown", 1}, {"B", 1}}, 10s), kUnknownSemaphore);
  EXPECT_EQ(picture_of(1).removal, now + 10500ms) << "repeating it prolongs the peer";
}

TEST_F(Restore, WithAnUnknownNameChangesNothingOfAPeerThatDiffers) {
  const PeerId known = asking("A", 1);
  const LedgerPicture before = picture();
  EXPECT_EQ(restore(known, {{"A", 2}, {"unknown", 1}}, 10h), kUnknownSemaphore);
  EXPECT_EQ(picture(), before);
}

// The limit was 5, the peer holds 3, the limit was lowered to 2, and the server was restarted.
TEST_F(Restore, BeyondALoweredLimitIsAFact) {
  configure({{.name = "A", .full_count = 2}});
  EXPECT_EQ(restore(1, {{"A", 3}}), kRestored);
  EXPECT_EQ(remainder("A"), -1);
  EXPECT_EQ(events_of(EventKind::kRestored).back().excess, 1);
  const PeerId newcomer = asking("A");
  EXPECT_FALSE(is_acquired(newcomer));
  remove_peer(1);
  EXPECT_TRUE(is_acquired(newcomer));
}

TEST_F(Restore, RefusesCountsBelowOneNext) {
  const PeerId known = asking("A");
  EXPECT_EQ(restore(1, {{"A", 9}, {"B", 0}}), kCountNotPositive);
  EXPECT_EQ(restore(1, {{"A", -1}}), kCountNotPositive);
  EXPECT_EQ(restore(known, {{"A", 0}}), kCountNotPositive);
}

TEST_F(Restore, RefusesAKnownPeerThatDiffersNext) {
  const PeerId known = asking("A", 1);
  EXPECT_EQ(restore(known, {{"A", 9}}), kDiffers);
  EXPECT_EQ(restore(known, {{"A", 2}}), kDiffers);
  EXPECT_EQ(restore(known, {{"B", 1}}), kDiffers);
  EXPECT_EQ(restore(known, {{"A", 1}, {"B", 1}}), kDiffers);
  EXPECT_EQ(restore(known, {}), kDiffers);
}

TEST_F(Restore, RefusesAKnownPeerThatWaits) {
  asking("A", 3);
  const PeerId waiter = asking("A");
  EXPECT_EQ(restore(waiter, {}), kDiffers);
  const PeerId holds_and_waits = asking("B");
  acquire(holds_and_waits, "A");
  EXPECT_EQ(restore(holds_and_waits, {{"B", 1}}), kDiffers);
}

TEST_F(Restore, RefusesASumThatIsTooLargeLast) {
  EXPECT_EQ(restore(1, {{"A", kMostRestored + 1}}), kTooLarge);
  EXPECT_EQ(restore(1, {{"A", 1}, {"B", kMost}}), kTooLarge);
  EXPECT_FALSE(is_known(1));
  EXPECT_EQ(restore(1, {{"A", kMostRestored}}), kRestored);
  EXPECT_EQ(restore(2, {{"A", 1}}), kTooLarge);
  EXPECT_EQ(remainder("A"), 3 - kMostRestored);
}

TEST_F(Restore, RefusalsChangeNothing) {
  const PeerId known = asking("A");
  const LedgerPicture before = picture();
  events();
  restore(1, {{"unknown", 1}});
  restore(1, {{"A", 0}});
  restore(1, {{"A", kMost}});
  restore(known, {{"B", 1}}, 10h);
  EXPECT_EQ(picture(), before);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Restore, OfTheSamePeerWithTheSameLocksProlongsIt) {
  restore(1, {{"A", 2}, {"B", 1}}, 10s);
  const LedgerPicture before = picture();
  events();
  pass(9s);
  EXPECT_EQ(restore(1, {{"B", 1}, {"A", 2}}, 10s), kAlreadyKnown);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(picture().without_deadlines(), before.without_deadlines());
  EXPECT_EQ(picture_of(1).removal, now + 10500ms);
}

TEST_F(Restore, OfTheSamePeerNeverShortensIt) {
  restore(1, {{"A", 2}}, 1h);
  const TimePoint before = picture_of(1).removal;
  EXPECT_EQ(restore(1, {{"A", 2}}, 1s), kAlreadyKnown);
  EXPECT_EQ(restore(1, {{"A", 2}}, 0s), kAlreadyKnown);
  EXPECT_EQ(picture_of(1).removal, before);
}

TEST_F(Restore, OfALivingPeerWithWhatItHoldsIsAlreadyKnown) {
  const PeerId peer = asking("A", 2);
  EXPECT_EQ(restore(peer, {{"A", 2}}), kAlreadyKnown);
  EXPECT_EQ(remainder("A"), 1);
}

TEST_F(Restore, OfAPeerThatIsDueBringsItBack) {
  restore(1, {{"A", 2}}, 500ms);
  now += 500ms;
  EXPECT_EQ(restore(1, {{"B", 1}}), kRestored) << "it had expired before";
  EXPECT_FALSE(holds(1, "A"));
}

TEST_F(Restore, ForZeroIsOverAtOnce) {
  EXPECT_EQ(restore(1, {{"A", 1}}, 0s), kRestored);
  EXPECT_FALSE(is_known(1));
  EXPECT_EQ(remainder("A"), 3);
}

TEST_F(Restore, AcceptsACountOfZeroWhereTheOldClientsMayHaveOne) {
  EXPECT_EQ(restore(1, {{"A", 0}}, 1h, CountRule::kZeroAllowed), kRestored);
  EXPECT_TRUE(holds(1, "A"));
  EXPECT_EQ(remainder("A"), 3);
  EXPECT_EQ(restore(2, {{"A", -1}}, 1h, CountRule::kZeroAllowed), kCountNotPositive);
}

TEST_F(Restore, TwoNearTheLargestCountDoNotOpenTheSemaphore) {
  EXPECT_EQ(restore(1, {{"A", kMostRestored}}), kRestored);
  EXPECT_EQ(restore(2, {{"A", kMostRestored}}), kTooLarge);
  EXPECT_EQ(acquire(add_peer(), "A"), AcquireStatus::kPending);
  remove_peer(1);
  EXPECT_EQ(remainder("A"), 2) << "the one that waited is granted";
}

TEST_F(Restore, ARemainderBelowTheSmallestCountStopsThere) {
  configure({{.name = "A", .full_count = kMost}});
  EXPECT_EQ(acquire(add_peer(), "A", kMost), AcquireStatus::kAcquired);
  configure({{.name = "A", .full_count = -9}});
  EXPECT_EQ(remainder("A"), std::numeric_limits<Count>::min());
}

TEST_F(Restore, AfterARestartTheClientsGetTheirStateBack) {
  restore(42, {{"A", 1}});
  restore(43, {{"A", 2}});
  const PeerId newcomer = asking("A");
  EXPECT_FALSE(is_acquired(newcomer));
  EXPECT_EQ(release(42, "A"), ReleaseStatus::kReleased);
  EXPECT_TRUE(is_acquired(newcomer));
}

}  // namespace
}  // namespace throttle::testing
