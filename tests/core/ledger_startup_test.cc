// The grace after a start: requests wait and restores pass, so that holders come back first.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

class StartupGrace : public LedgerTest {
 protected:
  StartupGrace() : LedgerTest({.seed = 1, .start = kStart, .startup_grace = 10s}) {
    configure({{.name = "A", .full_count = 2}, {.name = "B", .full_count = 1, .level = 1}});
  }
};

TEST_F(StartupGrace, NothingIsGrantedDuringIt) {
  EXPECT_EQ(acquire(add_peer(), "A"), kPending);
  pass(10s - 1ns);
  EXPECT_EQ(acquire(add_peer(), "A"), kPending);
  EXPECT_THAT(granted(), IsEmpty());
  EXPECT_EQ(remainder("A"), 2);
}

TEST_F(StartupGrace, AtItsEndThoseWhoWaitAreGrantedInOrder) {
  const PeerId first = asking("A"), second = asking("A"), third = asking("A");
  const PeerId other = asking("B");
  pass(10s);
  EXPECT_THAT(granted(), ::testing::UnorderedElementsAre(first, second, other));
  EXPECT_FALSE(is_acquired(third));
}

TEST_F(StartupGrace, ItsEndIsATimeToWakeFor) {
  asking("A");
  EXPECT_LE(ledger().next_deadline(), kStart + 10s);
  EXPECT_GT(ledger().next_deadline(), now);
}

TEST_F(StartupGrace, AnyOperationAtItsEndGrants) {
  const PeerId waiter = asking("A");
  now += 10s;
  heartbeat(waiter, 1h);
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(StartupGrace, AfterItFreeSemaphoresAreGrantedAtOnce) {
  pass(10s);
  EXPECT_EQ(acquire(add_peer(), "A"), kAcquired);
}

TEST_F(StartupGrace, RestoresPassAndKeepTheRestFromOverCommitting) {
  const PeerId newcomer = asking("A", 2);
  EXPECT_EQ(restore(42, {{"A", 1}}), RestoreStatus::kRestored);
  pass(10s);
  EXPECT_FALSE(is_acquired(newcomer)) << "without the grace both would hold";
  release(42, "A");
  EXPECT_TRUE(is_acquired(newcomer));
}

TEST_F(StartupGrace, ReleasesAndReloadsDuringItGrantNothing) {
  restore(42, {{"A", 2}});
  const PeerId waiter = asking("A");
  release(42, "A");
  configure({{.name = "A", .full_count = 9}});
  EXPECT_FALSE(is_acquired(waiter));
  pass(10s);
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(StartupGrace, TheQueueStillHasItsMaximum) {
  configure({{.name = "A", .full_count = 2, .max_pending = 1}});
  asking("A");
  EXPECT_EQ(acquire(add_peer(), "A"), kQueueFull);
}

TEST_F(StartupGrace, RefusalsAreTheSameAsEver) {
  EXPECT_EQ(acquire(add_peer(), "A", 3), kNeverFits);
  EXPECT_EQ(acquire(add_peer(), "unknown"), kUnknownSemaphore);
}

TEST_F(StartupGrace, PeersExpireDuringIt) {
  const PeerId waiter = add_peer(1s);
  acquire(waiter, "A");
  EXPECT_EQ(pass(1050ms), 1U);
  pass(10s);
  EXPECT_THAT(granted(), IsEmpty());
}

TEST_F(StartupGrace, NewPeersOfOldClientsWaitToo) {
  const AcquireOutcome outcome = enroll({.spec = living(1h), .semaphore = "A", .count = 0});
  EXPECT_EQ(outcome.status, kPending);
  pass(10s);
  EXPECT_TRUE(holds(outcome.peer, "A"));
}

}  // namespace
}  // namespace throttle::testing
