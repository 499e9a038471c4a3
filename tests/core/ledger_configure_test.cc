// Reload: new, resized and retired semaphores; no lease is ever dropped.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Configure : public LedgerTest {
 protected:
  Configure() { configure({{.name = "A", .full_count = 2}}); }
  Cause why_wait_ended(PeerId peer) {
    for (const LedgerEvent& event : events_of(EventKind::kWaitEnded)) {
      if (event.peer == peer) return event.cause;
    }
    return Cause::kNone;
  }
};

TEST_F(Configure, TheSameAgainChangesNothing) {
  asking("A", 2);
  asking("A");
  const LedgerPicture before = picture();
  events();
  configure({{.name = "A", .full_count = 2}});
  EXPECT_EQ(picture(), before);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Configure, ANewSemaphoreIsThere) {
  EXPECT_EQ(ledger().remainder("B"), std::nullopt);
  configure({{.name = "A", .full_count = 2}, {.name = "B", .full_count = 7}});
  EXPECT_EQ(remainder("B"), 7);
  EXPECT_EQ(acquire(add_peer(), "B"), kAcquired);
}

TEST_F(Configure, ALargerFullCountGrantsThoseWhoFitNow) {
  asking("A", 2);
  const PeerId first = asking("A", 1), second = asking("A", 2);
  events();
  configure({{.name = "A", .full_count = 4}});
  EXPECT_THAT(granted(), ElementsAre(first));
  configure({{.name = "A", .full_count = 5}});
  EXPECT_THAT(granted(), ElementsAre(second));
}

TEST_F(Configure, ASmallerFullCountTakesNoLeaseAway) {
  const PeerId one = asking("A"), other = asking("A");
  configure({{.name = "A", .full_count = 1}});
  EXPECT_TRUE(holds(one, "A"));
  EXPECT_TRUE(holds(other, "A"));
  EXPECT_EQ(remainder("A"), -1);
  const PeerId waiter = asking("A");
  remove_peer(one);
  EXPECT_FALSE(is_acquired(waiter));
  remove_peer(other);
  EXPECT_TRUE(is_acquired(waiter));
}

TEST_F(Configure, WhatBecameFreeBeforeAReloadIsNotGrantedByTheOldCount) {
  const PeerId holder = add_peer(100ms);
  EXPECT_EQ(acquire(holder, "A", 2), kAcquired);
  const PeerId first = asking("A"), second = asking("A");
  events();
  now += 200ms;
  configure({{.name = "A", .full_count = 1}});
  EXPECT_FALSE(is_known(holder));
  EXPECT_THAT(granted(), ElementsAre(first));
  EXPECT_FALSE(is_acquired(second));
}

TEST_F(Configure, WhatBecameFreeBeforeAReloadIsNotGrantedOnARemovedSemaphore) {
  const PeerId holder = add_peer(100ms);
  EXPECT_EQ(acquire(holder, "A", 2), kAcquired);
  const PeerId waiter = asking("A");
  events();
  now += 200ms;
  configure({});
  EXPECT_EQ(why_wait_ended(waiter), Cause::kSemaphoreRemoved);
  EXPECT_FALSE(holds(waiter, "A"));
}

TEST_F(Configure, WaitersThatCanNeverFitAnyMoreLeave) {
  const PeerId holder = asking("A", 1);
  const PeerId large = asking("A", 2), small = asking("A", 1);
  events();
  configure({{.name = "A", .full_count = 1}});
  EXPECT_TRUE(is_acquired(large));
  EXPECT_FALSE(holds(large, "A"));
  EXPECT_EQ(why_wait_ended(large), Cause::kNeverFits);
  remove_peer(holder);
  EXPECT_TRUE(holds(small, "A"));
}

TEST_F(Configure, ARemovedSemaphoreIsUnknownToThoseWhoAsk) {
  configure({{.name = "B", .full_count = 1}});
  EXPECT_EQ(acquire(add_peer(), "A"), kUnknownSemaphore);
  EXPECT_EQ(restore(1, {{"A", 1}}), RestoreStatus::kUnknownSemaphore);
  EXPECT_EQ(ledger().remainder("A"), std::nullopt);
  EXPECT_EQ(ledger().semaphore("A"), std::nullopt);
  EXPECT_EQ(release(add_peer(), "A"), ReleaseStatus::kUnknownSemaphore);
}

TEST_F(Configure, LeasesOfARemovedSemaphoreLiveUntilTheyEnd) {
  const PeerId holder = asking("A", 2);
  configure({});
  EXPECT_TRUE(holds(holder, "A"));
  EXPECT_TRUE(state_of("A").retired);
  EXPECT_EQ(state_of("A").acquired, 2);
  EXPECT_EQ(ledger().remainder("A"), std::nullopt) << "not configured";
  EXPECT_EQ(acquire(holder, "A", 2), kUnknownSemaphore);
  EXPECT_EQ(heartbeat(holder, 1h), Presence::kKnown);
  EXPECT_EQ(release(holder, "A"), ReleaseStatus::kReleased);
  EXPECT_EQ(ledger().semaphore("A"), std::nullopt);
  EXPECT_THAT(ledger().semaphores(), IsEmpty());
}

TEST_F(Configure, WaitersForARemovedSemaphoreLeave) {
  const PeerId holder = asking("A", 2), waiter = asking("A");
  events();
  configure({});
  EXPECT_TRUE(is_acquired(waiter));
  EXPECT_EQ(why_wait_ended(waiter), Cause::kSemaphoreRemoved);
  remove_peer(holder);
  EXPECT_THAT(granted(), IsEmpty());
}

TEST_F(Configure, WaitersForALaterRemovedSemaphoreMayAskForAnother) {
  asking("A", 2);
  const PeerId waiter = asking("A");
  configure({{.name = "B", .full_count = 1}});
  EXPECT_EQ(acquire(waiter, "B"), kAcquired);
}

TEST_F(Configure, ARetiredSemaphoreComesBackWithItsLeasesAndItsIndex) {
  const PeerId holder = asking("A", 2);
  const SemaphoreIndex index = state_of("A").index;
  configure({{.name = "B", .full_count = 1}});
  configure({{.name = "A", .full_count = 3}});
  EXPECT_FALSE(state_of("A").retired);
  EXPECT_EQ(state_of("A").index, index);
  EXPECT_EQ(remainder("A"), 1);
  EXPECT_TRUE(holds(holder, "A"));
}

TEST_F(Configure, AnIndexNamesASemaphoreForEver) {
  const SemaphoreIndex index = state_of("A").index;
  configure({{.name = "B", .full_count = 1}, {.name = "C", .full_count = 1}});
  EXPECT_EQ(ledger().semaphore_name(index), "A");
  EXPECT_NE(state_of("B").index, index);
  EXPECT_NE(state_of("C").index, index);
}

TEST_F(Configure, TheLevelOfARetiredLeaseStillBinds) {
  configure({{.name = "low", .full_count = 1, .level = 0}});
  const PeerId peer = asking("low");
  configure({{.name = "high", .full_count = 1, .level = 5}});
  EXPECT_EQ(acquire(peer, "high"), kBreaksHierarchy);
}

TEST_F(Configure, AWaiterWhoseLevelsNoLongerDescendLeaves) {
  configure({{.name = "first", .full_count = 1, .level = 2},
             {.name = "second", .full_count = 1, .level = 1}});
  asking("second");
  const PeerId peer = asking("first");
  EXPECT_EQ(acquire(peer, "second"), kPending);
  events();
  configure({{.name = "first", .full_count = 1, .level = 1},
             {.name = "second", .full_count = 1, .level = 1}});
  EXPECT_TRUE(is_acquired(peer));
  EXPECT_FALSE(holds(peer, "second"));
  EXPECT_EQ(why_wait_ended(peer), Cause::kBreaksHierarchy);
}

TEST_F(Configure, ChangedLevelsTakeNoLeaseAway) {
  configure({{.name = "first", .full_count = 1, .level = 2},
             {.name = "second", .full_count = 1, .level = 1}});
  const PeerId peer = asking("first");
  acquire(peer, "second");
  configure({{.name = "first", .full_count = 1, .level = 0},
             {.name = "second", .full_count = 1, .level = 1}});
  EXPECT_TRUE(holds(peer, "first"));
  EXPECT_TRUE(holds(peer, "second"));
}

TEST_F(Configure, AnotherOrderServesAnotherHead) {
  configure({{.name = "A", .full_count = 3}});
  asking("A", 2);
  const PeerId large = asking("A", 2), small = asking("A", 1);
  EXPECT_FALSE(is_acquired(small));
  configure({{.name = "A", .full_count = 3, .order = QueueOrder::kLifo}});
  EXPECT_TRUE(is_acquired(small)) << "the newest is the head now, and it fits";
  EXPECT_FALSE(is_acquired(large));
}

TEST_F(Configure, WhoeverIsDueGoesBeforeTheReloadGrants) {
  LeaseLedger ledger({.start = kStart});
  std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 1}};
  ledger.configure(kStart, settings);
  const PeerId holder = ledger.add_peer(kStart, living(1h));
  const PeerId due = ledger.add_peer(kStart, living(100ms));
  const PeerId waiter = ledger.add_peer(kStart, living(1h));
  for (const PeerId peer : {holder, due, waiter})
    ledger.acquire(kStart, {.peer = peer, .semaphore = "A"});
  settings[0].full_count = 2;
  ledger.configure(kStart + 100ms, settings);
  EXPECT_FALSE(ledger.contains(due));
  EXPECT_EQ(ledger.is_acquired(waiter), true);
  EXPECT_EQ(ledger.check(), "");
}

}  // namespace
}  // namespace throttle::testing
