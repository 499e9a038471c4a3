// The part of the ledger that knows peers: their lives, leases and waits, without any semaphore.
#include "libthrottle/core/peers.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PeersTest : public ::testing::Test {
 protected:
  ~PeersTest() override { EXPECT_EQ(peers.check(), ""); }

  Peer& add(PeerId id, Duration time_to_live = 10s) { return peers.add(id, {}, now, time_to_live); }
  Lease lease_of(SemaphoreIndex semaphore, Count count = 1) const {
    return {.semaphore = semaphore, .count = count, .token = 0, .since = now};
  }
  // The ids of the peers that are due at `when`, in their order; they are removed.
  std::vector<PeerId> pop_all(TimePoint when) {
    std::vector<PeerId> ids;
    while (Peer* const due = peers.pop_due(when)) {
      ids.push_back(due->id());
      peers.remove(*due);
    }
    return ids;
  }

  Peers peers;
  TimePoint now{1h};
};

TEST_F(PeersTest, FindsAPeerUntilItIsRemoved) {
  const Peer& peer = add(7);
  EXPECT_EQ(peers.find(7), &peer);
  EXPECT_EQ(peers.find(8), nullptr);
  EXPECT_EQ(peers.size(), 1U);
  peers.remove(*peers.find(7));
  EXPECT_EQ(peers.find(7), nullptr);
  EXPECT_EQ(peers.size(), 0U);
  EXPECT_EQ(peers.next_deadline(), kNever);
}

TEST_F(PeersTest, ANewPeerHoldsNothingAndWaitsForNothing) {
  const Peer& peer = add(7);
  EXPECT_EQ(peer.leases(), 0U);
  EXPECT_FALSE(peer.waits());
  EXPECT_EQ(peer.lifetime(), Lifetime::kRenewable);
}

TEST_F(PeersTest, KeepsTheIdentityApartFromThePeer) {
  Peer& peer = peers.add(7, {.label = Label("import"), .address = {.ip = {}, .port = 80}}, now, 1s);
  EXPECT_EQ(peers.identity(peer).label.text(), "import");
  EXPECT_EQ(peers.identity(peer).address.port, 80);
  peers.set_label(peer, Label("export"));
  EXPECT_EQ(peers.identity(peer).label.text(), "export");
}

TEST_F(PeersTest, ThePlaceOfAPeerStaysItsOwnWhileOthersComeAndGo) {
  add(7);
  std::size_t place = 0;
  while (peers.at(place) == nullptr)
    ++place;
  for (PeerId id = 100; id < 1100; ++id)
    add(id);
  for (PeerId id = 100; id < 1100; id += 2)
    peers.remove(*peers.find(id));
  ASSERT_NE(peers.at(place), nullptr);
  EXPECT_EQ(peers.at(place)->id(), 7U);
  EXPECT_EQ(peers.check(), "");
}

// --- lives ---

TEST_F(PeersTest, ALifeIsAsLongAsAskedForAndASlack) {
  EXPECT_EQ(add(1, 999ms).deadline(), now + 999ms);
  EXPECT_EQ(add(2, 10s).deadline(), now + 10'500ms);
  EXPECT_EQ(add(3, 5min).deadline(), now + 5min + 15s);
  EXPECT_EQ(add(4, 24h).deadline(), now + 24h + 15s);
  EXPECT_EQ(add(5, kForever).deadline(), kNever);
}

TEST_F(PeersTest, RenewMovesTheDeadlineEitherWayAndProlongNeverBack) {
  Peer& peer = add(7, 10s);
  peers.prolong(peer, now, 1s);
  EXPECT_EQ(peer.deadline(), now + 10'500ms);
  peers.prolong(peer, now, 100s);
  EXPECT_EQ(peer.deadline(), now + 105s);
  peers.renew(peer, now, 1s);
  EXPECT_EQ(peer.deadline(), now + 1'050ms);
  EXPECT_LE(peers.next_deadline(), now + 1'050ms);
}

TEST_F(PeersTest, NothingRenewsAFixedPeer) {
  Peer& peer = add(7, 10s);
  peers.fix(peer);
  peers.renew(peer, now, 100s);
  peers.prolong(peer, now, 100s);
  EXPECT_EQ(peer.deadline(), now + 10'500ms);
  EXPECT_EQ(peer.lifetime(), Lifetime::kFixed);
}

TEST_F(PeersTest, EndAtReplacesTheDeadlineAndAFormerHoldLimit) {
  Peer& peer = add(7, 10s);
  peers.end_at(peer, now + 20s);
  EXPECT_EQ(peer.deadline(), now + 20s);
  peers.end_at(peer, now + 30s);
  peers.renew(peer, now, 1s);
  EXPECT_EQ(peer.deadline(), now + 30s);
  EXPECT_EQ(peer.lifetime(), Lifetime::kHoldLimited);
}

TEST_F(PeersTest, EndByIsAHoldLimitOnlyIfItComesBeforeTheDeadline) {
  Peer& early = add(7, 10s);
  peers.end_by(early, now + 5s);
  EXPECT_EQ(early.deadline(), now + 5s);
  EXPECT_EQ(early.lifetime(), Lifetime::kHoldLimited);
  peers.end_by(early, now + 9s);
  EXPECT_EQ(early.deadline(), now + 5s);
  EXPECT_EQ(early.lifetime(), Lifetime::kHoldLimited);

  Peer& late = add(8, 10s);
  peers.end_by(late, now + 20s);
  EXPECT_EQ(late.deadline(), now + 10'500ms);
  EXPECT_EQ(late.lifetime(), Lifetime::kFixed);
}

TEST_F(PeersTest, PopsWhatIsDueInTheOrderOfDeadlinesAndOfArrival) {
  add(3, 900ms);
  add(1, 900ms);
  add(2, 800ms);
  add(4, 10s);
  EXPECT_THAT(pop_all(now + 799ms), IsEmpty());
  EXPECT_THAT(pop_all(now + 900ms), ElementsAre(2, 3, 1));
  EXPECT_EQ(peers.size(), 1U);
}

TEST_F(PeersTest, APeerThatWasRenewedIsNotDueAtItsFormerDeadline) {
  Peer& peer = add(7, 900ms);
  peers.renew(peer, now + 800ms, 900ms);
  EXPECT_THAT(pop_all(now + 1'699ms), IsEmpty());
  EXPECT_THAT(pop_all(now + 1'700ms), ElementsAre(7));
}

// --- leases ---

TEST_F(PeersTest, ListsLeasesFromTheOldestToTheNewest) {
  Peer& peer = add(7);
  for (const SemaphoreIndex semaphore : {4U, 2U, 9U})
    peers.add_lease(peer, lease_of(semaphore));
  ASSERT_EQ(peer.leases(), 3U);
  EXPECT_EQ(peers.lease(peer, 0).semaphore, 4U);
  EXPECT_EQ(peers.lease(peer, 1).semaphore, 2U);
  EXPECT_EQ(peers.newest_lease(peer).semaphore, 9U);
  EXPECT_EQ(peers.find_lease(peer, 2), &peers.lease(peer, 1));
  EXPECT_EQ(peers.find_lease(peer, 3), nullptr);
  EXPECT_EQ(peers.check(), "");
  while (peer.leases() > 0)
    peers.remove_lease(peer, peers.newest_lease(peer));
}

TEST_F(PeersTest, RemovesAnyLeaseAndKeepsTheOthers) {
  for (const SemaphoreIndex removed : {4U, 2U, 9U}) {
    Peer& peer = add(removed);
    for (const SemaphoreIndex semaphore : {4U, 2U, 9U})
      peers.add_lease(peer, lease_of(semaphore, Count{semaphore}));
    peers.remove_lease(peer, *peers.find_lease(peer, removed));
    EXPECT_EQ(peers.find_lease(peer, removed), nullptr);
    for (const SemaphoreIndex kept : {4U, 2U, 9U}) {
      if (kept == removed) continue;
      ASSERT_NE(peers.find_lease(peer, kept), nullptr) << kept;
      EXPECT_EQ(peers.find_lease(peer, kept)->count, Count{kept});
    }
    EXPECT_EQ(peers.check(), "");
  }
}

// --- waiting ---

TEST_F(PeersTest, NamesTheWaiterOfAPeerUntilItsWaitEnds) {
  Peer& peer = add(7);
  peers.begin_wait(peer, 3);
  EXPECT_TRUE(peer.waits());
  EXPECT_EQ(peer.waiter(), 3U);
  peers.end_wait(peer);
  EXPECT_FALSE(peer.waits());
  EXPECT_EQ(peer.waiter(), kNoSlot);
}

// --- the proof ---

TEST_F(PeersTest, CheckFindsAPeerThatIsDueAndWasNotRemoved) {
  add(7, 1s);
  Peer* const due = peers.pop_due(now + 1h);
  ASSERT_NE(due, nullptr);
  EXPECT_EQ(peers.check(), "peer 7 has no place in the wheel");
  peers.remove(*due);
}

TEST_F(PeersTest, CheckFindsTwoLeasesOnOneSemaphore) {
  Peer& peer = add(7);
  peers.add_lease(peer, lease_of(1));
  peers.add_lease(peer, lease_of(1));
  EXPECT_EQ(peers.check(), "peer 7 holds two leases on one semaphore");
  peers.remove_lease(peer, peers.newest_lease(peer));
}

}  // namespace
}  // namespace throttle
