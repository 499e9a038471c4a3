// A peer and its first lock in one step, as the clients of the first generation ask for it.
#include <limits>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;

class Enroll : public LedgerTest {
 protected:
  Enroll() {
    configure(
        {{.name = "A", .full_count = 3, .max_pending = 1}, {.name = "zero", .full_count = 0}});
  }
  AcquireOutcome enroll_for(std::string_view semaphore, Count count = 1) {
    return enroll({.spec = living(1h), .semaphore = semaphore, .count = count});
  }
  using LedgerTest::enroll;
};

TEST_F(Enroll, MakesAPeerThatHoldsTheLock) {
  const AcquireOutcome outcome = enroll_for("A", 2);
  EXPECT_EQ(outcome.status, kAcquired);
  EXPECT_TRUE(holds(outcome.peer, "A"));
  EXPECT_NE(outcome.token, 0U);
  EXPECT_EQ(outcome.full_count, 3);
}

TEST_F(Enroll, MakesAPeerThatWaits) {
  asking("A", 3);
  const AcquireOutcome outcome = enroll_for("A");
  EXPECT_EQ(outcome.status, kPending);
  EXPECT_EQ(outcome.token, 0U);
  EXPECT_FALSE(is_acquired(outcome.peer));
}

TEST_F(Enroll, StandsInTheSameQueueAsEverybody) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId holder = asking("A");
  const PeerId new_client = asking("A");
  const PeerId old_client = enroll_for("A").peer;
  events();
  remove_peer(holder);
  remove_peer(new_client);
  EXPECT_THAT(granted(), ::testing::ElementsAre(new_client, old_client));
}

TEST_F(Enroll, RepeatedMakesAnotherPeer) {
  EXPECT_NE(enroll_for("A").peer, enroll_for("A").peer);
  EXPECT_EQ(remainder("A"), 1);
}

TEST_F(Enroll, LeavesNoPeerWhereItIsRefused) {
  EXPECT_EQ(enroll_for("unknown").status, kUnknownSemaphore);
  EXPECT_EQ(enroll_for("A", 4).status, kNeverFits);
  EXPECT_EQ(enroll_for("A", -1).status, kCountNotPositive);
  EXPECT_EQ(enroll_for("A", std::numeric_limits<Count>::min()).status, kCountNotPositive);
  EXPECT_EQ(ledger().peer_count(), 0U);
  asking("A", 3);
  asking("A", 3);
  EXPECT_EQ(enroll_for("A").status, kQueueFull);
  EXPECT_EQ(ledger().peer_count(), 2U);
}

TEST_F(Enroll, UnderAGivenIdBringsAForgottenPeerBack) {
  const AcquireOutcome outcome =
      enroll({.spec = living(1h), .semaphore = "A", .count = 1, .peer = PeerId{1} << 60U});
  EXPECT_EQ(outcome.status, kAcquired);
  EXPECT_EQ(outcome.peer, PeerId{1} << 60U);
  EXPECT_TRUE(holds(outcome.peer, "A"));
}

TEST_F(Enroll, ForACountOfZeroIsGrantedWhereverThereIsNoOverCommit) {
  EXPECT_EQ(enroll_for("zero", 0).status, kAcquired);
  asking("A", 3);
  EXPECT_EQ(enroll_for("A", 0).status, kAcquired) << "it takes nothing";
  EXPECT_EQ(remainder("A"), 0);
}

TEST_F(Enroll, ForACountOfZeroWaitsWhereThereIsOverCommit) {
  restore(1, {{"A", 3}});
  restore(2, {{"A", 1}});
  const AcquireOutcome outcome = enroll_for("A", 0);
  EXPECT_EQ(outcome.status, kPending);
  remove_peer(2);
  EXPECT_TRUE(holds(outcome.peer, "A"));
}

TEST_F(Enroll, ForACountOfZeroDoesNotOvertake) {
  asking("A", 2);
  asking("A", 2);
  EXPECT_EQ(enroll_for("A", 0).status, kQueueFull) << "somebody stands before it";
}

TEST_F(Enroll, ForZeroTimeIsGrantedAndThenOver) {
  const AcquireOutcome outcome = enroll({.spec = living(0s), .semaphore = "A"});
  EXPECT_EQ(outcome.status, kAcquired);
  EXPECT_FALSE(is_known(outcome.peer));
  EXPECT_EQ(remainder("A"), 3);
}

TEST_F(Enroll, KeepsTheLabelAndTheAddress) {
  const SocketAddress address{.ip = IpAddress::from_v4({10, 1, 2, 3}), .port = 99};
  const PeerSpec spec{.time_to_live = 1h, .address = address, .label = "batch"};
  const PeerId peer = enroll({.spec = spec, .semaphore = "A"}).peer;
  EXPECT_EQ(picture_of(peer).label, "batch");
  EXPECT_EQ(picture_of(peer).address, address);
}

}  // namespace
}  // namespace throttle::testing
