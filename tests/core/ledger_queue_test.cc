// The queue before a semaphore: its orders, its maximum, and how long a request may wait in it.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Queue : public LedgerTest {
 protected:
  static SemaphoreSettings one(QueueOrder order, std::size_t max_pending = 100) {
    return {.name = "A", .full_count = 1, .order = order, .max_pending = max_pending};
  }
  // Removes the holders, until nobody waits; says in which order they were served, which is the
  // one that the ledger had foretold.
  std::vector<PeerId> serve_all(PeerId holder) {
    events();
    const std::vector<PeerId> foretold = ledger().queue("A");
    std::vector<PeerId> served;
    for (remove_peer(holder); true; remove_peer(served.back())) {
      const std::vector<PeerId> next = granted();
      if (next.empty()) {
        EXPECT_EQ(served, foretold);
        return served;
      }
      served.insert(served.end(), next.begin(), next.end());
    }
  }
};

// --- last in, first out ---

TEST_F(Queue, LifoServesTheNewestFirst) {
  configure({one(QueueOrder::kLifo)});
  const PeerId holder = asking("A");
  const PeerId first = asking("A"), second = asking("A"), third = asking("A");
  EXPECT_THAT(serve_all(holder), ElementsAre(third, second, first));
}

TEST_F(Queue, LifoGrantsANewcomerThatFitsAtOnce) {
  configure({{.name = "A", .full_count = 3, .order = QueueOrder::kLifo, .max_pending = 1}});
  asking("A", 2);
  const PeerId large = asking("A", 2);
  EXPECT_EQ(acquire(add_peer(), "A", 1), kAcquired) << "the newest is the next, and it fits";
  EXPECT_FALSE(is_acquired(large));
}

TEST_F(Queue, LifoKeepsTheOlderOnesBehindANewestThatDoesNotFit) {
  configure({{.name = "A", .full_count = 3, .order = QueueOrder::kLifo}});
  const PeerId holder = asking("A", 1), other = asking("A", 2);
  const PeerId small = asking("A", 1);
  const PeerId large = asking("A", 3);
  release(holder, "A");
  EXPECT_FALSE(is_acquired(small));
  release(other, "A");
  EXPECT_TRUE(is_acquired(large));
}

// --- in turn ---

class FairQueue : public Queue {
 protected:
  PeerId from(const IpAddress& client) {
    const PeerId peer = add_peer({.time_to_live = 1h, .address = {.ip = client}, .label = {}});
    acquire(peer, "A");
    return peer;
  }
  static IpAddress v4(std::uint8_t last) { return IpAddress::from_v4({10, 0, 0, last}); }
  static IpAddress v6(std::uint8_t network, std::uint8_t last) {
    return IpAddress::from_v6({0x20, 1, 0, 0, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, last});
  }
};

TEST_F(FairQueue, ServesClientsInTurnAndWithinAClientTheOldest) {
  configure({one(QueueOrder::kFair)});
  const PeerId holder = from(v4(9));
  const PeerId a1 = from(v4(1)), a2 = from(v4(1)), a3 = from(v4(1));
  const PeerId b1 = from(v4(2)), c1 = from(v4(3)), b2 = from(v4(2));
  EXPECT_THAT(serve_all(holder), ElementsAre(a1, b1, c1, a2, b2, a3));
}

TEST_F(FairQueue, AClientThatComesBackStandsAtTheEndOfTheRound) {
  configure({one(QueueOrder::kFair)});
  const PeerId holder = from(v4(9));
  const PeerId a1 = from(v4(1)), b1 = from(v4(2)), b2 = from(v4(2));
  remove_peer(holder);
  const PeerId a2 = from(v4(1));
  EXPECT_THAT(serve_all(a1), ElementsAre(b1, a2, b2));
}

TEST_F(FairQueue, AClientWhoseOnlyWaiterLeftLosesItsTurn) {
  configure({one(QueueOrder::kFair)});
  const PeerId holder = from(v4(9));
  const PeerId a1 = from(v4(1)), b1 = from(v4(2));
  release(a1, "A");
  const PeerId a2 = from(v4(1));
  EXPECT_THAT(serve_all(holder), ElementsAre(b1, a2));
}

TEST_F(FairQueue, AnIpv6NetworkOf64BitsIsOneClient) {
  configure({one(QueueOrder::kFair)});
  const PeerId holder = from(v4(9));
  const PeerId a1 = from(v6(1, 1)), a2 = from(v6(1, 2)), b1 = from(v6(2, 1));
  EXPECT_THAT(serve_all(holder), ElementsAre(a1, b1, a2));
}

TEST_F(FairQueue, ALargeCountWhoseTurnItIsIsNotOvertaken) {
  configure({{.name = "A", .full_count = 2, .order = QueueOrder::kFair}});
  const PeerId holder = from(v4(9));
  const PeerId large = add_peer({.time_to_live = 1h, .address = {.ip = v4(1)}, .label = {}});
  acquire(large, "A", 2);
  const PeerId small = from(v4(2));
  EXPECT_FALSE(is_acquired(small));
  remove_peer(holder);
  EXPECT_TRUE(is_acquired(large));
  EXPECT_FALSE(is_acquired(small));
}

TEST_F(FairQueue, AReloadThatChangesTheOrderTakesThoseAlongWhoWait) {
  configure({one(QueueOrder::kFifo)});
  const PeerId holder = from(v4(9));
  const PeerId a1 = from(v4(1)), a2 = from(v4(1)), b1 = from(v4(2));
  configure({one(QueueOrder::kFair)});
  remove_peer(holder);
  EXPECT_TRUE(is_acquired(a1));
  const PeerId a3 = from(v4(1));
  EXPECT_THAT(serve_all(a1), ElementsAre(b1, a2, a3));
}

TEST_F(FairQueue, AReloadBackToFifoServesByArrival) {
  configure({one(QueueOrder::kFair)});
  const PeerId holder = from(v4(9));
  const PeerId a1 = from(v4(1)), a2 = from(v4(1)), b1 = from(v4(2));
  configure({one(QueueOrder::kFifo)});
  EXPECT_THAT(serve_all(holder), ElementsAre(a1, a2, b1));
}

// --- how many may wait ---

TEST_F(Queue, OneMoreThanMayWaitIsRefused) {
  configure({one(QueueOrder::kFifo, 2)});
  asking("A");
  asking("A");
  asking("A");
  EXPECT_EQ(acquire(add_peer(), "A"), kQueueFull);
  EXPECT_EQ(state_of("A").waiting, 2U);
}

TEST_F(Queue, RepeatingIsNoOneMore) {
  configure({one(QueueOrder::kFifo, 1)});
  asking("A");
  const PeerId waiter = asking("A");
  EXPECT_EQ(acquire(waiter, "A"), kPending);
}

TEST_F(Queue, AFreedPlaceInTheQueueIsTakenAgain) {
  configure({one(QueueOrder::kFifo, 1)});
  asking("A");
  const PeerId waiter = asking("A");
  release(waiter, "A");
  EXPECT_EQ(acquire(add_peer(), "A"), kPending);
}

TEST_F(Queue, WithNoPlaceToWaitAFreeSemaphoreIsStillGranted) {
  configure({one(QueueOrder::kFifo, 0)});
  EXPECT_EQ(acquire(add_peer(), "A"), kAcquired);
  EXPECT_EQ(acquire(add_peer(), "A"), kQueueFull);
}

TEST_F(Queue, AReloadWithASmallerMaximumTurnsNobodyAway) {
  configure({one(QueueOrder::kFifo, 5)});
  const PeerId holder = asking("A"), waiter = asking("A"), other = asking("A");
  configure({one(QueueOrder::kFifo, 1)});
  EXPECT_EQ(acquire(add_peer(), "A"), kQueueFull);
  EXPECT_THAT(serve_all(holder), ElementsAre(waiter, other));
}

// --- how long a request may wait ---

class WaitLimit : public Queue {
 protected:
  WaitLimit() {
    configure({one(QueueOrder::kFifo)});
    holder = asking("A");
  }
  PeerId waiting_at_most(Duration wait) {
    const PeerId peer = add_peer();
    EXPECT_EQ(ask({.peer = peer, .semaphore = "A", .limits = {.wait = wait}}).status, kPending);
    return peer;
  }
  PeerId holder = 0;
};

TEST_F(WaitLimit, DropsTheRequestButNotItsPeer) {
  const PeerId waiter = waiting_at_most(10s);
  EXPECT_EQ(pass(10s - 1ns), 0U);
  EXPECT_FALSE(is_acquired(waiter));
  EXPECT_EQ(pass(1ns), 0U) << "no peer goes";
  EXPECT_TRUE(is_acquired(waiter)) << "nothing is pending any more";
  EXPECT_FALSE(holds(waiter, "A"));
  const auto ended = events_of(EventKind::kWaitEnded);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].cause, Cause::kWaitLimit);
  EXPECT_EQ(ended[0].waited, 10s);
}

TEST_F(WaitLimit, LetsTheFollowersOfAHeadThrough) {
  configure({{.name = "A", .full_count = 3}});
  const PeerId large = add_peer();
  ask({.peer = large, .semaphore = "A", .count = 3, .limits = {.wait = 1s}});
  const PeerId small = asking("A");
  EXPECT_FALSE(is_acquired(small));
  pass(1s);
  EXPECT_TRUE(holds(small, "A"));
}

TEST_F(WaitLimit, IsOverWithTheGrant) {
  const PeerId waiter = waiting_at_most(10s);
  pass(9s);
  remove_peer(holder);
  pass(1min);
  EXPECT_TRUE(holds(waiter, "A"));
}

TEST_F(WaitLimit, IsNotProlongedByAskingAgain) {
  const PeerId waiter = waiting_at_most(10s);
  pass(9s);
  EXPECT_EQ(ask({.peer = waiter, .semaphore = "A", .limits = {.wait = 10s}}).status, kPending);
  pass(1s);
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(WaitLimit, DropsBeforeItGrantsAtTheSameInstant) {
  const PeerId dropped = waiting_at_most(10s);
  const PeerId waiter = asking("A");
  pass(9500ms);
  heartbeat(holder, 500ms);
  EXPECT_EQ(pass(500ms), 1U);
  EXPECT_FALSE(holds(dropped, "A"));
  EXPECT_TRUE(holds(waiter, "A"));
}

TEST_F(WaitLimit, OfZeroEndsWithTheRequest) {
  const PeerId waiter = waiting_at_most(0s);
  EXPECT_TRUE(is_acquired(waiter)) << "it does not wait";
  EXPECT_EQ(state_of("A").waiting, 0U);
  EXPECT_EQ(events().back().cause, Cause::kWaitLimit);
}

TEST_F(WaitLimit, OfZeroDoesNotKeepFromAFreeSemaphore) {
  remove_peer(holder);
  EXPECT_EQ(ask({.peer = add_peer(), .semaphore = "A", .limits = {.wait = 0s}}).status, kAcquired);
}

TEST_F(WaitLimit, EqualOnesEndInTheOrderOfTheRequests) {
  const PeerId first = waiting_at_most(10s), second = waiting_at_most(10s);
  pass(10s);
  std::vector<PeerId> dropped;
  for (const LedgerEvent& event : events_of(EventKind::kWaitEnded))
    dropped.push_back(event.peer);
  EXPECT_THAT(dropped, ElementsAre(first, second));
}

TEST_F(WaitLimit, IsATimeToWakeFor) {
  waiting_at_most(10s);
  EXPECT_EQ(ledger().next_deadline(), now + 10s);
}

// --- those that wait for a larger semaphore ---

TEST_F(Queue, ARequestMayWaitForTheSemaphoreToGrow) {
  configure({one(QueueOrder::kFifo)});
  const PeerId patient = add_peer();
  const AcquireRequest request{
      .peer = patient, .semaphore = "A", .count = 2, .limits = {.oversize = Oversize::kWaits}};
  EXPECT_EQ(ask(request).status, kPending);
  EXPECT_EQ(acquire(add_peer(), "A", 2), kNeverFits) << "others are refused";
  configure({{.name = "A", .full_count = 2}});
  EXPECT_TRUE(holds(patient, "A"));
}

TEST_F(Queue, AReloadKeepsThoseWhoWaitForASizeAndTurnsTheOthersAway) {
  configure({{.name = "A", .full_count = 2}});
  const PeerId holder = asking("A", 2);
  const PeerId impatient = asking("A", 2), patient = add_peer();
  ask({.peer = patient, .semaphore = "A", .count = 2, .limits = {.oversize = Oversize::kWaits}});
  configure({one(QueueOrder::kFifo)});
  EXPECT_TRUE(is_acquired(impatient)) << "it waits no more";
  EXPECT_FALSE(is_acquired(patient));
  configure({{.name = "A", .full_count = 2}});
  EXPECT_THAT(serve_all(holder), ElementsAre(patient));
}

// --- a full count of 0 closes a semaphore for a while ---

TEST_F(Queue, OfAClosedSemaphoreKeepsEverybodyAndGoesOnWhenItOpens) {
  configure({one(QueueOrder::kFifo)});
  const PeerId holder = asking("A"), waiter = asking("A");
  configure({{.name = "A", .full_count = 0}});
  const PeerId newcomer = add_peer();
  EXPECT_EQ(acquire(newcomer, "A"), kPending);
  release(holder, "A");
  EXPECT_FALSE(is_acquired(waiter)) << "nothing is granted while it is closed";
  configure({one(QueueOrder::kFifo)});
  EXPECT_TRUE(holds(waiter, "A"));
  EXPECT_THAT(serve_all(waiter), ElementsAre(newcomer));
}

TEST_F(Queue, OfAClosedSemaphoreLosesWhatDoesNotFitWhenItOpens) {
  configure({{.name = "A", .full_count = 0}});
  const PeerId large = asking("A", 2), small = asking("A");
  configure({one(QueueOrder::kFifo)});
  EXPECT_FALSE(holds(large, "A"));
  EXPECT_TRUE(is_acquired(large)) << "it waits no more";
  EXPECT_TRUE(holds(small, "A"));
}

}  // namespace
}  // namespace throttle::testing
