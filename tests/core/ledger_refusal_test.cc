// What is refused, and which refusal comes first where several apply; what repeating means.
#include <limits>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr PeerId kNobody = 4711;

class Refusals : public LedgerTest {
 protected:
  Refusals() {
    configure({{.name = "A", .full_count = 3, .level = 0},
               {.name = "B", .full_count = 3, .level = 1},
               {.name = "C", .full_count = 3, .level = 1}});
    events();
  }
};

TEST_F(Refusals, TheUnknownSemaphoreComesBeforeEverything) {
  EXPECT_EQ(acquire(kNobody, "unknown", -1), kUnknownSemaphore);
  EXPECT_EQ(ask({.peer = kNobody, .semaphore = "unknown", .count = 100, .expires_in = 1s}).status,
            kUnknownSemaphore);
}

TEST_F(Refusals, ACountThatNeverFitsComesBeforeTheUnknownPeer) {
  EXPECT_EQ(acquire(kNobody, "A", 4), kNeverFits);
  EXPECT_EQ(ask({.peer = kNobody, .semaphore = "A", .count = 4, .expires_in = 1s}).status,
            kNeverFits);
  EXPECT_EQ(acquire(kNobody, "A", std::numeric_limits<Count>::max()), kNeverFits);
}

TEST_F(Refusals, ACountThatNeverFitsComesBeforeWhatThePeerHasAlready) {
  const PeerId holder = asking("A", 2);
  EXPECT_EQ(acquire(holder, "A", 4), kNeverFits);
}

TEST_F(Refusals, ARenewalOfAnUnknownPeerComesBeforeTheCount) {
  EXPECT_EQ(ask({.peer = kNobody, .semaphore = "A", .count = 0, .expires_in = 1s}).status,
            kUnknownPeer);
}

TEST_F(Refusals, WithoutARenewalTheCountComesBeforeTheUnknownPeer) {
  EXPECT_EQ(acquire(kNobody, "A", 0), kCountNotPositive);
  EXPECT_EQ(acquire(kNobody, "A", 1), kUnknownPeer);
}

TEST_F(Refusals, CountsBelowOneAreRefused) {
  const PeerId peer = add_peer();
  EXPECT_EQ(acquire(peer, "A", 0), kCountNotPositive);
  EXPECT_EQ(acquire(peer, "A", -1), kCountNotPositive);
  EXPECT_EQ(acquire(peer, "A", std::numeric_limits<Count>::min()), kCountNotPositive);
}

TEST_F(Refusals, AHeldLockNeitherShrinksNorGrows) {
  const PeerId holder = asking("A", 2);
  EXPECT_EQ(acquire(holder, "A", 1), kShrinks);
  EXPECT_EQ(acquire(holder, "A", 3), kGrows);
  EXPECT_EQ(remainder("A"), 1);
}

TEST_F(Refusals, APendingLockNeitherShrinksNorGrows) {
  asking("A", 3);
  const PeerId waiter = asking("A", 2);
  EXPECT_EQ(acquire(waiter, "A", 1), kShrinks);
  EXPECT_EQ(acquire(waiter, "A", 3), kGrows);
  EXPECT_EQ(state_of("A").pending, 2);
}

TEST_F(Refusals, TheCountComesBeforeShrinking) {
  const PeerId holder = asking("A", 2);
  EXPECT_EQ(acquire(holder, "A", 0), kCountNotPositive);
}

TEST_F(Refusals, WhatAPeerHasAlreadyComesBeforeTheHierarchy) {
  const PeerId peer = asking("B", 2);
  acquire(peer, "A", 1);
  EXPECT_EQ(acquire(peer, "B", 2), kAcquired);
  EXPECT_EQ(acquire(peer, "B", 1), kShrinks);
  EXPECT_EQ(acquire(peer, "B", 3), kGrows);
}

TEST_F(Refusals, TheHierarchyComesBeforeAnotherPendingLock) {
  asking("A", 3);
  const PeerId peer = asking("B");
  EXPECT_EQ(acquire(peer, "A"), kPending);
  EXPECT_EQ(acquire(peer, "C"), kBreaksHierarchy);
}

TEST_F(Refusals, OneLockIsPendingAtATimeEvenIfTheOtherIsFree) {
  asking("B", 3);
  const PeerId peer = asking("B");
  EXPECT_EQ(acquire(peer, "C"), kOtherPending);
  EXPECT_EQ(acquire(peer, "A"), kOtherPending);
  EXPECT_EQ(remainder("C"), 3);
}

TEST_F(Refusals, AnotherPendingLockComesBeforeTheFullQueue) {
  configure({{.name = "A", .full_count = 1, .level = 0, .max_pending = 0},
             {.name = "B", .full_count = 1, .level = 1}});
  asking("A");
  asking("B");
  const PeerId waiter = asking("B");
  EXPECT_EQ(acquire(waiter, "A"), kOtherPending);
  EXPECT_EQ(acquire(add_peer(), "A"), kQueueFull);
}

TEST_F(Refusals, ASemaphoreOfZeroOrLessIsClosed) {
  configure({{.name = "zero", .full_count = 0}, {.name = "negative", .full_count = -5}});
  EXPECT_EQ(acquire(add_peer(), "zero"), kPending);
  EXPECT_EQ(acquire(add_peer(), "zero", 1000), kPending) << "nobody knows yet what it will have";
  EXPECT_EQ(acquire(add_peer(), "negative"), kPending);
  EXPECT_EQ(acquire(add_peer(), "zero", 0), kCountNotPositive);
  EXPECT_EQ(remainder("zero"), 0);
  EXPECT_EQ(remainder("negative"), -5);
}

TEST_F(Refusals, TheOutcomeSaysWhatAPersonNeedsToKnow) {
  const PeerId peer = asking("A", 1);
  const AcquireOutcome too_many = ask({.peer = peer, .semaphore = "B", .count = 9});
  EXPECT_EQ(too_many.full_count, 3);
  EXPECT_EQ(too_many.level, 1);
  const AcquireOutcome wrong_order = ask({.peer = peer, .semaphore = "B"});
  EXPECT_EQ(wrong_order.status, kBreaksHierarchy);
  EXPECT_EQ(wrong_order.level, 1);
  EXPECT_EQ(wrong_order.held_level, 0);
  EXPECT_EQ(wrong_order.token, 0U);
}

TEST_F(Refusals, ChangeNothing) {
  asking("A", 3);
  const PeerId holder = asking("B");
  const PeerId waiter = asking("A", 2);
  const LedgerPicture before = picture();
  acquire(holder, "unknown");
  acquire(holder, "B", 2);
  acquire(holder, "B", 9);
  acquire(holder, "C");
  acquire(holder, "A", 0);
  acquire(waiter, "A", 1);
  acquire(waiter, "B");
  acquire(kNobody, "A");
  EXPECT_EQ(picture(), before);
}

TEST_F(Refusals, RenewThePeerFromTheThirdStepOn) {
  configure({{.name = "A", .full_count = 3, .level = 0, .max_pending = 1},
             {.name = "B", .full_count = 3, .level = 1}});
  asking("A", 2);
  asking("A", 2);
  const auto renewed = [&](PeerId peer, std::string_view semaphore, Count count) {
    const TimePoint before = picture_of(peer).removal;
    ask({.peer = peer, .semaphore = semaphore, .count = count, .expires_in = 5h});
    return picture_of(peer).removal != before;
  };
  EXPECT_FALSE(renewed(add_peer(), "unknown", 1));
  EXPECT_FALSE(renewed(add_peer(), "A", 4)) << "never fits";
  EXPECT_TRUE(renewed(add_peer(), "A", 0)) << "count not positive";
  EXPECT_TRUE(renewed(asking("B", 2), "B", 1)) << "shrinks";
  EXPECT_TRUE(renewed(add_peer(), "A", 1)) << "queue full";
}

TEST_F(Refusals, RepeatingAnAcquireOfAHeldLockChangesNothing) {
  const PeerId holder = add_peer();
  const AcquireOutcome first = ask({.peer = holder, .semaphore = "A", .count = 2});
  const LedgerPicture before = picture();
  events();
  pass(1s);
  const AcquireOutcome again = ask({.peer = holder, .semaphore = "A", .count = 2});
  EXPECT_EQ(again.status, kAcquired);
  EXPECT_EQ(again.token, first.token);
  EXPECT_EQ(picture(), before);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Refusals, RepeatingAnAcquireOfAPendingLockKeepsItsPlace) {
  const PeerId holder = asking("A", 3);
  const PeerId first = asking("A", 2), second = asking("A", 2);
  pass(1s);
  events();
  EXPECT_EQ(acquire(first, "A", 2), kPending);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(state_of("A").longest_wait, 1s);
  remove_peer(holder);
  EXPECT_THAT(granted(), ElementsAre(first));
  EXPECT_FALSE(is_acquired(second));
}

TEST_F(Refusals, AskingAgainForAHeldLockWhileAnotherIsPendingAnswersPending) {
  asking("A", 3);
  const PeerId peer = asking("B");
  acquire(peer, "A");
  const AcquireOutcome again = ask({.peer = peer, .semaphore = "B"});
  EXPECT_EQ(again.status, kPending);
  EXPECT_NE(again.token, 0U) << "that of the lock it asked for";
}

TEST_F(Refusals, ReleasingTwiceOrWhatIsNotHeldChangesNothing) {
  const PeerId peer = asking("A");
  EXPECT_EQ(release(peer, "A"), ReleaseStatus::kReleased);
  const LedgerPicture before = picture();
  events();
  EXPECT_EQ(release(peer, "A"), ReleaseStatus::kNotHeld);
  EXPECT_EQ(release(peer, "B"), ReleaseStatus::kNotHeld);
  EXPECT_EQ(picture(), before);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Refusals, OfAReleaseNameTheSemaphoreBeforeThePeer) {
  EXPECT_EQ(release(kNobody, "unknown"), ReleaseStatus::kUnknownSemaphore);
  EXPECT_EQ(release(kNobody, "A"), ReleaseStatus::kUnknownPeer);
}

TEST_F(Refusals, RemovingAPeerTwiceChangesNothing) {
  const PeerId peer = asking("A");
  EXPECT_EQ(remove_peer(peer), Presence::kKnown);
  events();
  EXPECT_EQ(remove_peer(peer), Presence::kUnknown);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Refusals, AHeartbeatOfNobodyIsUnknown) {
  EXPECT_EQ(heartbeat(kNobody, 1s), Presence::kUnknown);
  EXPECT_EQ(ledger().peer_count(), 0U);
}

}  // namespace
}  // namespace throttle::testing
