// One semaphore and its queue, without any peer: sums, heads in each order, and what fits.
#include "libthrottle/core/semaphore.h"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Count kMost = std::numeric_limits<Count>::max();

IpAddress client(std::uint8_t last) {
  return IpAddress::from_v4({10, 0, 0, last});
}

class SemaphoreTest : public ::testing::Test {
 protected:
  SemaphoreTest() { configure(QueueOrder::kFifo, 3); }
  ~SemaphoreTest() override {
    EXPECT_EQ(semaphore.check(waiters), "");
    EXPECT_EQ(waiters.check(), "");
  }

  void configure(QueueOrder order, Count full_count) {
    semaphore.configure({.name = "A", .full_count = full_count, .order = order, .max_pending = 3});
    semaphore.arrange(waiters, [](const Waiter& each) { return client_of(each.peer); });
  }
  // Peers 10 to 19 are of one client, 20 to 29 of another.
  static IpAddress client_of(PeerId peer) { return client(static_cast<std::uint8_t>(peer / 10)); }
  WaiterSlot enqueue(PeerId peer, Count count = 1) {
    const Waiter waiter{.peer = peer, .semaphore = semaphore.index(), .count = count, .since = {}};
    return semaphore.enqueue(waiters, waiter, kNever, client_of(peer));
  }
  PeerId dequeue(WaiterSlot slot) {
    return semaphore.dequeue(waiters, slot, client_of(waiters[slot].peer)).peer;
  }
  PeerId head() const { return waiters[semaphore.head()].peer; }
  // Takes the head out of the queue, as one that is served.
  PeerId serve() {
    const PeerId peer = dequeue(semaphore.head());
    semaphore.end_turn(client_of(peer));
    return peer;
  }
  std::vector<PeerId> queue() const {
    std::vector<PeerId> peers;
    semaphore.visit_queue(waiters, [&](WaiterSlot slot) { peers.push_back(waiters[slot].peer); });
    return peers;
  }

  Waiters waiters;
  Semaphore semaphore{4};
};

// --- leases ---

TEST_F(SemaphoreTest, FitsUpToTheFullCount) {
  EXPECT_TRUE(semaphore.fits(3));
  EXPECT_FALSE(semaphore.fits(4));
  semaphore.hold(2);
  EXPECT_EQ(semaphore.remainder(), 1);
  EXPECT_TRUE(semaphore.fits(1));
  EXPECT_FALSE(semaphore.fits(2));
  semaphore.give_back(2);
  EXPECT_EQ(semaphore.remainder(), 3);
  EXPECT_EQ(semaphore.leases(), 0U);
}

TEST_F(SemaphoreTest, CountsWhatIsHeldBeyondTheFullCount) {
  semaphore.hold(5);
  EXPECT_EQ(semaphore.over_commit(), 2);
  EXPECT_EQ(semaphore.remainder(), -2);
  EXPECT_FALSE(semaphore.fits(0));
  configure(QueueOrder::kFifo, -1);
  EXPECT_EQ(semaphore.over_commit(), 5);
}

TEST_F(SemaphoreTest, SumsBeyondTheLargestCountComeOffExactly) {
  semaphore.hold(kMost);
  semaphore.hold(kMost);
  EXPECT_EQ(semaphore.acquired().value(), kMost);
  semaphore.give_back(kMost);
  EXPECT_EQ(semaphore.remainder(), 3 - kMost);
  semaphore.give_back(kMost);
  EXPECT_EQ(semaphore.remainder(), 3);
}

TEST_F(SemaphoreTest, TheRemainderOfTheSmallestFullCountDoesNotOverflow) {
  configure(QueueOrder::kFifo, std::numeric_limits<Count>::min());
  semaphore.hold(1);
  EXPECT_EQ(semaphore.remainder(), std::numeric_limits<Count>::min());
}

TEST_F(SemaphoreTest, WhatNeverFitsIsMoreThanAnOpenSemaphoreHas) {
  EXPECT_TRUE(semaphore.never_fits(4, Oversize::kRefused));
  EXPECT_FALSE(semaphore.never_fits(4, Oversize::kWaits));
  EXPECT_FALSE(semaphore.never_fits(3, Oversize::kRefused));
  configure(QueueOrder::kFifo, 0);
  EXPECT_FALSE(semaphore.never_fits(4, Oversize::kRefused));
}

TEST_F(SemaphoreTest, IsGoneWhenItIsRetiredAndItsLastLeaseEnds) {
  semaphore.hold(1);
  semaphore.retire();
  EXPECT_FALSE(semaphore.gone());
  semaphore.give_back(1);
  EXPECT_TRUE(semaphore.gone());
  configure(QueueOrder::kFifo, 1);
  EXPECT_FALSE(semaphore.retired());
}

TEST_F(SemaphoreTest, PausesAreCounted) {
  EXPECT_TRUE(semaphore.pause());
  EXPECT_FALSE(semaphore.pause());
  EXPECT_FALSE(semaphore.resume());
  EXPECT_TRUE(semaphore.paused());
  EXPECT_TRUE(semaphore.resume());
  EXPECT_FALSE(semaphore.paused());
}

// --- the queue ---

TEST_F(SemaphoreTest, CountsWhatWaits) {
  EXPECT_TRUE(semaphore.serves_next_arrival());
  const WaiterSlot first = enqueue(10, 2);
  enqueue(11, 3);
  EXPECT_FALSE(semaphore.serves_next_arrival());
  EXPECT_EQ(semaphore.waiting(), 2U);
  EXPECT_EQ(semaphore.pending().value(), 5);
  EXPECT_FALSE(semaphore.is_full());
  enqueue(12);
  EXPECT_TRUE(semaphore.is_full());
  EXPECT_EQ(dequeue(first), 10U);
  EXPECT_EQ(semaphore.pending().value(), 4);
  EXPECT_EQ(waiters.size(), 2U);
}

TEST_F(SemaphoreTest, ServesTheOldestFirst) {
  for (const PeerId peer : {10U, 20U, 11U})
    enqueue(peer);
  EXPECT_THAT(queue(), ElementsAre(10, 20, 11));
  EXPECT_EQ(serve(), 10U);
  EXPECT_EQ(head(), 20U);
}

TEST_F(SemaphoreTest, ServesTheNewestFirst) {
  configure(QueueOrder::kLifo, 3);
  for (const PeerId peer : {10U, 20U, 11U})
    enqueue(peer);
  EXPECT_TRUE(semaphore.serves_next_arrival());
  EXPECT_THAT(queue(), ElementsAre(11, 20, 10));
  EXPECT_EQ(serve(), 11U);
  EXPECT_EQ(head(), 20U);
}

TEST_F(SemaphoreTest, ServesEachClientInTurn) {
  configure(QueueOrder::kFair, 3);
  for (const PeerId peer : {10U, 11U, 12U, 20U, 21U})
    enqueue(peer);
  EXPECT_THAT(queue(), ElementsAre(10, 20, 11, 21, 12));
  EXPECT_EQ(serve(), 10U);
  EXPECT_EQ(serve(), 20U);
  EXPECT_EQ(head(), 11U);
  EXPECT_THAT(queue(), ElementsAre(11, 21, 12));
}

TEST_F(SemaphoreTest, AnotherOrderArrangesThoseThatWait) {
  for (const PeerId peer : {10U, 11U, 20U})
    enqueue(peer);
  configure(QueueOrder::kFair, 3);
  EXPECT_THAT(queue(), ElementsAre(10, 20, 11));
  configure(QueueOrder::kLifo, 3);
  EXPECT_THAT(queue(), ElementsAre(20, 11, 10));
  configure(QueueOrder::kFifo, 3);
  EXPECT_THAT(queue(), ElementsAre(10, 11, 20));
}

TEST_F(SemaphoreTest, AWaiterLeavesFromAnywhere) {
  for (const QueueOrder order : {QueueOrder::kFifo, QueueOrder::kLifo, QueueOrder::kFair}) {
    configure(order, 3);
    enqueue(10);
    const WaiterSlot middle = enqueue(11);
    enqueue(20);
    EXPECT_EQ(dequeue(middle), 11U);
    EXPECT_EQ(semaphore.check(waiters), "");
    serve();
    serve();
    EXPECT_THAT(queue(), IsEmpty());
  }
}

// --- the proof ---

TEST_F(SemaphoreTest, CheckFindsAQueueThatIsNotArrangedInItsOrder) {
  semaphore.configure({.name = "A", .full_count = 3, .order = QueueOrder::kFair});
  EXPECT_EQ(semaphore.check(waiters), "A: the queue is not arranged in its order");
  configure(QueueOrder::kFair, 3);
}

}  // namespace
}  // namespace throttle
