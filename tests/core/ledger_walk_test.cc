// Walks in slices over peers and queues, while the ledger changes between the slices.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

class Walk : public LedgerTest {
 protected:
  Walk() { configure_order(QueueOrder::kFifo); }
  void configure_order(QueueOrder order) {
    configure({{.name = "A", .full_count = 1, .order = order}, {.name = "B", .full_count = 1}});
  }
  // The next slice.
  void peers(std::size_t most) { peer_cursor = ledger().visit_peers(peer_cursor, most, seeing()); }
  void queue(std::size_t most, std::string_view semaphore = "A") {
    queue_cursor = ledger().visit_queue(semaphore, std::move(queue_cursor), most, seeing());
  }
  void rest_of_queue() {
    while (!queue_cursor.ended())
      queue(2);
  }
  LeaseLedger::PeerVisitor seeing() {
    return [this](const PeerState& peer) { seen.push_back(peer.id); };
  }
  PeerId waiting_from(std::uint8_t client) {
    const PeerId peer = add_peer({.address = {.ip = IpAddress::from_v4({10, 0, 0, client})}});
    acquire(peer, "A");
    return peer;
  }
  std::vector<PeerId> waiting(std::size_t how_many) {
    std::vector<PeerId> peers(how_many);
    std::generate(peers.begin(), peers.end(), [this] { return asking("A"); });
    return peers;
  }

  PeerCursor peer_cursor;
  QueueCursor queue_cursor;
  std::vector<PeerId> seen;
};

// --- peers ---

TEST_F(Walk, OfNobodyEndsAtOnce) {
  peers(1);
  EXPECT_TRUE(peer_cursor.ended());
  queue(1);
  EXPECT_TRUE(queue_cursor.ended());
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(Walk, VisitsEveryPeerOnceInBoundedSlices) {
  std::vector<PeerId> all(700);
  std::generate(all.begin(), all.end(), [this] { return add_peer(); });
  while (!peer_cursor.ended()) {
    const std::size_t before = seen.size();
    peers(100);
    EXPECT_LE(seen.size() - before, 100U);
  }
  EXPECT_THAT(seen, UnorderedElementsAreArray(all));
}

TEST_F(Walk, NeverSkipsAPeerThatStaysAndNeverVisitsOneTwice) {
  std::vector<PeerId> all(300);
  std::generate(all.begin(), all.end(), [this] { return add_peer(); });
  std::vector<PeerId> staying;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 3 == 0) {
      peers(2);
      remove_peer(all[all.size() - 1 - i]);
      add_peer();
    }
  }
  while (!peer_cursor.ended())
    peers(7);
  for (const PeerId peer : all) {
    if (is_known(peer)) {
      EXPECT_EQ(std::count(seen.begin(), seen.end(), peer), 1);
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(Walk, FindsOnePeerWithAllThatItHas) {
  const PeerId other = asking("A");
  const PeerId peer =
      add_peer({.time_to_live = 1h, .address = {.port = 7}, .label = "night import"});
  acquire(peer, "B");
  acquire(peer, "A");
  const auto state = ledger().peer(peer);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->id, peer);
  EXPECT_EQ(state->label, "night import");
  EXPECT_EQ(state->address.port, 7);
  EXPECT_EQ(state->removal, now + 1h + 15s);
  EXPECT_FALSE(ledger().peer(other + peer));
}

// --- queues ---

TEST_F(Walk, VisitsAQueueInTheOrderOfItsService) {
  asking("A");
  const auto queued = waiting(3);
  rest_of_queue();
  EXPECT_EQ(seen, queued);
  configure_order(QueueOrder::kLifo);
  queue_cursor = {};
  seen.clear();
  rest_of_queue();
  EXPECT_THAT(seen, ElementsAre(queued[2], queued[1], queued[0]));
}

TEST_F(Walk, OfAFairQueueTakesTheClientsInTurn) {
  configure_order(QueueOrder::kFair);
  asking("A");
  const PeerId a = waiting_from(1), b = waiting_from(1), c = waiting_from(2), d = waiting_from(1);
  queue(1);
  remove_peer(b);
  rest_of_queue();
  EXPECT_THAT(seen, ElementsAre(a, c, d));
}

TEST_F(Walk, GoesOnWhereTheNextOneHasLeft) {
  const PeerId holder = asking("A");
  const auto queued = waiting(6);
  queue(2);
  EXPECT_THAT(seen, ElementsAre(queued[0], queued[1]));
  remove_peer(queued[2]);
  release(holder, "A");  // queued[0] leaves the queue, too
  rest_of_queue();
  EXPECT_THAT(seen, ElementsAre(queued[0], queued[1], queued[3], queued[4], queued[5]));
}

TEST_F(Walk, FromTheNewestGoesOnWhereTheNextOneHasLeft) {
  configure_order(QueueOrder::kLifo);
  asking("A");
  const auto queued = waiting(6);
  queue(2);
  remove_peer(queued[3]);
  const PeerId late = asking("A");  // before the place of the walk
  rest_of_queue();
  EXPECT_THAT(seen, ElementsAre(queued[5], queued[4], queued[2], queued[1], queued[0]));
  EXPECT_THAT(seen, Not(Contains(late)));
}

TEST_F(Walk, DoesNotFollowAPlaceThatAnotherWaiterHas) {
  asking("A");
  const auto queued = waiting(4);
  queue(1);
  remove_peer(queued[1]);
  asking("B");
  const PeerId elsewhere = asking("B");  // gets the memory of the one that left
  rest_of_queue();
  EXPECT_THAT(seen, ElementsAre(queued[0], queued[2], queued[3]));
  EXPECT_THAT(seen, Not(Contains(elsewhere)));
}

TEST_F(Walk, OfAQueueIsBoundedAlsoWhileItLooksForItsPlace) {
  asking("A");
  const auto queued = waiting(100);
  while (seen.size() < 50)
    queue(10);
  remove_peer(queued[50]);
  for (int slice = 0; slice < 5; ++slice) {
    queue(10);
    EXPECT_EQ(seen.size(), 50U);
  }
  rest_of_queue();
  EXPECT_EQ(seen.size(), 99U);
}

TEST_F(Walk, OfAnUnknownQueueIsOver) {
  queue(1, "unknown");
  EXPECT_TRUE(queue_cursor.ended());
}

}  // namespace
}  // namespace throttle::testing
