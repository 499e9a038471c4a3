// How long a peer lives: deadlines, slack, heartbeats, and which peers come after those that go.
#include <limits>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Expiry : public LedgerTest {
 protected:
  Expiry() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 1, .level = 1}});
  }

  // A peer with this time to live that holds or awaits the lock.
  PeerId living(Duration time_to_live, std::string_view semaphore, Count count = 1) {
    const PeerId peer = add_peer(time_to_live);
    acquire(peer, semaphore, count);
    return peer;
  }
};

TEST_F(Expiry, APeerThatIsNotRenewedGoesAndItsLocksAreFree) {
  const PeerId peer = living(100ms, "A");
  EXPECT_EQ(pass(100ms), 1U);
  EXPECT_FALSE(is_known(peer));
  EXPECT_EQ(remainder("A"), 1);
}

TEST_F(Expiry, ItGoesAtItsTimeAndNotATickEarlier) {
  const PeerId peer = living(100ms, "A");
  EXPECT_EQ(pass(100ms - 1ns), 0U);
  EXPECT_TRUE(is_known(peer));
  EXPECT_EQ(pass(1ns), 1U);
  EXPECT_FALSE(is_known(peer));
}

struct SlackCase {
  Duration time_to_live;
  Duration removed_after;
};

class Slack : public Expiry, public ::testing::WithParamInterface<SlackCase> {};

TEST_P(Slack, IsFivePercentAtMostFifteenSecondsAndNoneBelowOneSecond) {
  const PeerId peer = living(GetParam().time_to_live, "A");
  EXPECT_EQ(picture_of(peer).removal - now, GetParam().removed_after);
  EXPECT_EQ(pass(GetParam().removed_after - 1ns), 0U);
  EXPECT_EQ(pass(1ns), 1U);
}

INSTANTIATE_TEST_SUITE_P(TimesToLive, Slack,
                         ::testing::Values(SlackCase{1ms, 1ms}, SlackCase{999ms, 999ms},
                                           SlackCase{1s - 1ns, 1s - 1ns}, SlackCase{1s, 1050ms},
                                           SlackCase{4s, 4200ms}, SlackCase{299s, 313950ms},
                                           SlackCase{300s, 315s}, SlackCase{301s, 316s},
                                           SlackCase{10min, 615s}, SlackCase{24h, 24h + 15s}));

TEST_F(Expiry, AHeartbeatEveryTimeToLiveThatIsAlwaysALittleLateKeepsAPeer) {
  const PeerId peer = living(300s, "A");
  for (int i = 0; i < 100; ++i) {
    pass(300s + 5ms);
    ASSERT_EQ(heartbeat(peer, 300s), Presence::kKnown);
  }
  EXPECT_TRUE(holds(peer, "A"));
}

TEST_F(Expiry, AHeartbeatProlongs) {
  const PeerId peer = living(10s, "A");
  pass(9s);
  heartbeat(peer, 10s);
  EXPECT_EQ(pass(10s), 0U);
  EXPECT_EQ(pass(500ms), 1U);
}

TEST_F(Expiry, AHeartbeatShortensAsWell) {
  const PeerId peer = living(1h, "A");
  heartbeat(peer, 100ms);
  EXPECT_EQ(pass(100ms), 1U);
  EXPECT_FALSE(is_known(peer));
}

TEST_F(Expiry, AHeartbeatOfZeroEndsThePeerAndIsAnswered) {
  const PeerId peer = living(1h, "A");
  const PeerId waiter = living(1h, "A");
  EXPECT_EQ(heartbeat(peer, 0s), Presence::kKnown);
  EXPECT_FALSE(is_known(peer));
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(Expiry, AHeartbeatAfterTheEndFindsNobody) {
  const PeerId peer = living(100ms, "A");
  now += 100ms;
  EXPECT_EQ(heartbeat(peer, 1h), Presence::kUnknown);
  EXPECT_EQ(remainder("A"), 1);
}

TEST_F(Expiry, ANewPeerOfZeroIsGoneAtOnce) {
  const PeerId peer = add_peer(0s);
  EXPECT_FALSE(is_known(peer));
  EXPECT_EQ(ledger().next_deadline(), kNever);
}

TEST_F(Expiry, AnAcquireOfZeroOnAFreeSemaphoreIsGrantedAndThenOver) {
  const PeerId peer = add_peer();
  EXPECT_EQ(ask({.peer = peer, .semaphore = "A", .expires_in = 0s}).status, kAcquired);
  EXPECT_FALSE(is_known(peer));
  EXPECT_EQ(remainder("A"), 1);
}

TEST_F(Expiry, AnAcquireOfZeroThatHasToQueueIsPendingAndThenOver) {
  living(1h, "A");
  const PeerId peer = add_peer();
  EXPECT_EQ(ask({.peer = peer, .semaphore = "A", .expires_in = 0s}).status, kPending);
  EXPECT_FALSE(is_known(peer));
  EXPECT_EQ(state_of("A").waiting, 0U);
}

TEST_F(Expiry, AnAcquireProlongsItsPeer) {
  living(1h, "B");
  const PeerId peer = living(3s, "A");
  pass(2s);
  EXPECT_EQ(acquire(peer, "B"), kBreaksHierarchy);
  EXPECT_EQ(ask({.peer = peer, .semaphore = "A", .expires_in = 100s}).status, kAcquired);
  EXPECT_EQ(pass(100s), 0U);
  EXPECT_TRUE(holds(peer, "A"));
}

TEST_F(Expiry, AnAcquireWithoutExpiryLeavesTheDeadline) {
  const PeerId peer = add_peer(10s);
  pass(5s);
  const TimePoint before = picture_of(peer).removal;
  acquire(peer, "A");
  EXPECT_EQ(picture_of(peer).removal, before);
}

TEST_F(Expiry, TheFollowerOfAnExpiredHolderIsGranted) {
  living(1s, "A");
  const PeerId waiter = living(1h, "A");
  pass(1050ms);
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(Expiry, TheFollowersOfAnExpiredHeadAreGranted) {
  configure({{.name = "A", .full_count = 5}});
  living(1h, "A", 1);
  living(500ms, "A", 5);
  const PeerId one = living(1h, "A", 1), two = living(1h, "A", 2);
  events();
  pass(500ms);
  EXPECT_THAT(granted(), ElementsAre(one, two));
}

TEST_F(Expiry, AWaiterIsNotKeptByItsWaiting) {
  living(1h, "A");
  const PeerId waiter = living(1s, "A");
  pass(1050ms);
  EXPECT_FALSE(is_known(waiter));
  EXPECT_EQ(state_of("A").waiting, 0U);
}

TEST_F(Expiry, NobodyIsGrantedAnythingAtTheInstantOfHisEnd) {
  living(1s, "A");
  const PeerId due_too = living(1s, "A");
  const PeerId waiter = living(1h, "A");
  events();
  pass(1050ms);
  EXPECT_THAT(granted(), ElementsAre(waiter));
  EXPECT_FALSE(is_known(due_too));
}

TEST_F(Expiry, ADueWaiterIsGoneBeforeAReleaseLooksForOne) {
  const PeerId holder = living(1h, "A");
  living(1s, "A");
  const PeerId waiter = living(1h, "A");
  events();
  now += 1050ms;
  release(holder, "A");
  EXPECT_THAT(granted(), ElementsAre(waiter));
}

TEST_F(Expiry, EveryOperationRemovesWhoIsDueFirst) {
  living(100ms, "A");
  now += 100ms;
  EXPECT_EQ(acquire(add_peer(), "A"), kAcquired);
}

TEST_F(Expiry, EqualDeadlinesExpireInTheOrderOfArrival) {
  std::vector<PeerId> peers(20);
  for (PeerId& peer : peers)
    peer = add_peer(500ms);
  events();
  pass(500ms);
  EXPECT_THAT(removed(), ::testing::ElementsAreArray(peers));
}

TEST_F(Expiry, DeadlinesMadeEqualByHeartbeatsExpireInTheOrderOfArrival) {
  const PeerId first = add_peer(100ms), second = add_peer(300ms), third = add_peer(200ms);
  heartbeat(third, 400ms);
  heartbeat(second, 400ms);
  heartbeat(first, 400ms);
  events();
  pass(400ms);
  EXPECT_THAT(removed(), ElementsAre(first, second, third));
}

TEST_F(Expiry, AfterALongSleepPeersGoInTheOrderOfTheirDeadlines) {
  const PeerId last = add_peer(900ms), first = add_peer(200ms), second = add_peer(300ms);
  events();
  EXPECT_EQ(pass(1h), 3U);
  EXPECT_THAT(removed(), ElementsAre(first, second, last));
}

TEST_F(Expiry, ItsLeaseEndsBeforeThePeerAndSaysWhy) {
  const PeerId peer = living(500ms, "A");
  events();
  pass(500ms);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 2U);
  EXPECT_EQ(happened[0].kind, EventKind::kLeaseEnded);
  EXPECT_EQ(happened[0].cause, Cause::kExpired);
  EXPECT_EQ(happened[0].held, 500ms);
  EXPECT_EQ(happened[1].kind, EventKind::kPeerRemoved);
  EXPECT_EQ(happened[1].peer, peer);
}

TEST_F(Expiry, ALeaseThatExpiredSaysWhereItsPeerCameFrom) {
  const SocketAddress client{IpAddress::from_v4({10, 0, 0, 7}), 52114};
  acquire(add_peer({.time_to_live = 500ms, .address = client, .label = {}}), "A");
  events();
  pass(500ms);
  EXPECT_EQ(events()[0].client, client);
}

TEST_F(Expiry, TimeNeverRunsBackwardsInside) {
  const PeerId peer = living(10s, "A");
  pass(5s);
  const TimePoint later = now;
  now -= 4s;
  heartbeat(peer, 10s);
  EXPECT_EQ(picture_of(peer).removal, later + 10500ms) << "counted from the latest instant seen";
}

TEST_F(Expiry, HugeTimesToLiveNeverEnd) {
  for (const Duration length : {kForever, kForever - 1ns, kForever / 2 * 2, Duration::max() - 1h}) {
    const PeerId peer = add_peer(length);
    EXPECT_EQ(picture_of(peer).removal, kNever);
    EXPECT_EQ(heartbeat(peer, length), Presence::kKnown);
  }
  EXPECT_EQ(pass(24h * 365 * 200), 0U);
}

TEST_F(Expiry, TheSlackOfALongLifeDoesNotOverflow) {
  const Duration to_the_end = kNever - now;
  const PeerId peer = add_peer(to_the_end - 10s);
  EXPECT_EQ(picture_of(peer).removal, kNever);
}

TEST_F(Expiry, AnIdleLedgerNeverWantsToBeWoken) {
  EXPECT_EQ(ledger().next_deadline(), kNever);
  const PeerId peer = add_peer(1s);
  EXPECT_LE(ledger().next_deadline(), now + 1050ms);
  remove_peer(peer);
  EXPECT_EQ(ledger().next_deadline(), kNever);
}

TEST_F(Expiry, WakingAtNextDeadlineRemovesEverybodyInTime) {
  std::vector<PeerId> peers;
  for (int i = 1; i <= 10; ++i)
    peers.push_back(add_peer(i * 100ms));
  heartbeat(peers[0], 2s);
  heartbeat(peers[9], 50ms);
  std::size_t wakes = 0;
  while (ledger().next_deadline() != kNever && wakes < 100) {
    now = ledger().next_deadline();
    pass(0s);
    ++wakes;
  }
  EXPECT_EQ(ledger().peer_count(), 0U);
  EXPECT_LE(wakes, 30U) << "a few for each peer";
}

TEST_F(Expiry, IfHoldersExpireAndNobodyComesEveryWaiterIsGranted) {
  std::vector<PeerId> peers(20);
  for (PeerId& peer : peers)
    peer = living(1h, "A");
  for (const PeerId peer : peers) {
    EXPECT_TRUE(is_acquired(peer));
    heartbeat(peer, 0s);
  }
  EXPECT_THAT(granted(), ::testing::ElementsAreArray(peers));
}

}  // namespace
}  // namespace throttle::testing
