// What the ledger reports: events in order, states of semaphores and peers, ids and labels.
#include <set>

#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class View : public LedgerTest {
 protected:
  View() {
    configure({{.name = "B", .full_count = 1, .level = 1, .max_pending = 1},
               {.name = "A", .full_count = 3, .level = 0}});
    events();
  }
  std::vector<EventKind> kinds() {
    std::vector<EventKind> all;
    for (const LedgerEvent& event : events())
      all.push_back(event.kind);
    return all;
  }
};

// --- events ---

TEST_F(View, TellsOfAPeerAndItsGrant) {
  const PeerId peer = add_peer();
  pass(1s);
  acquire(peer, "A", 2);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 2U);
  EXPECT_EQ(happened[0].kind, EventKind::kPeerAdded);
  EXPECT_EQ(happened[0].peer, peer);
  EXPECT_EQ(happened[1].kind, EventKind::kGranted);
  EXPECT_EQ(happened[1].peer, peer);
  EXPECT_EQ(happened[1].count, 2);
  EXPECT_EQ(happened[1].semaphore, state_of("A").index);
  EXPECT_EQ(happened[1].at, now);
  EXPECT_EQ(happened[1].waited, 0s);
}

TEST_F(View, TellsHowLongAGrantWasWaitedForAndALeaseHeld) {
  const PeerId holder = asking("B"), waiter = asking("B");
  pass(7s);
  events();
  release(holder, "B");
  const auto happened = events();
  ASSERT_EQ(happened.size(), 2U);
  EXPECT_EQ(happened[0].kind, EventKind::kLeaseEnded);
  EXPECT_EQ(happened[0].cause, Cause::kReleased);
  EXPECT_EQ(happened[0].held, 7s);
  EXPECT_EQ(happened[1].kind, EventKind::kGranted);
  EXPECT_EQ(happened[1].peer, waiter);
  EXPECT_EQ(happened[1].waited, 7s);
}

TEST_F(View, TellsOfAWaitThatWasCancelled) {
  asking("B");
  const PeerId waiter = asking("B");
  pass(2s);
  events();
  release(waiter, "B");
  const auto happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, EventKind::kWaitEnded);
  EXPECT_EQ(happened[0].cause, Cause::kReleased);
  EXPECT_EQ(happened[0].waited, 2s);
}

TEST_F(View, TellsWhatAPeerHadBeforeItsEnd) {
  asking("A", 3);
  const PeerId peer = asking("B");
  acquire(peer, "A");
  events();
  remove_peer(peer);
  EXPECT_THAT(kinds(),
              ElementsAre(EventKind::kWaitEnded, EventKind::kLeaseEnded, EventKind::kPeerRemoved));
}

TEST_F(View, EveryEventOfAPeerNamesItsClientAndItsLabel) {
  const SocketAddress client{*IpAddress::parse("192.0.2.7"), 4000};
  const PeerId peer = add_peer({.time_to_live = 1h, .address = client, .label = "nightly"});
  acquire(peer, "B");
  const PeerId waiter = add_peer({.time_to_live = 1h, .address = client, .label = "nightly"});
  acquire(waiter, "B");
  release(peer, "B");
  release(waiter, "B");
  remove_peer(waiter);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 8U);
  for (const LedgerEvent& event : happened) {
    EXPECT_EQ(event.client, client);
    EXPECT_EQ(event.label.text(), "nightly");
  }
}

TEST_F(View, EveryEventSaysHowItsSemaphoreIsAfterwards) {
  const PeerId holder = asking("A", 3), waiter = asking("A", 2);
  release(holder, "A");
  release(waiter, "A");
  std::vector<std::tuple<EventKind, Count, std::size_t>> steps;
  for (const LedgerEvent& event : events()) {
    if (event.semaphore == kNoSemaphore || event.kind == EventKind::kConfigured) continue;
    EXPECT_EQ(event.full_count, 3);
    steps.emplace_back(event.kind, event.acquired, event.waiting);
  }
  using enum EventKind;
  EXPECT_THAT(steps, ElementsAre(std::tuple(kGranted, 3, 0), std::tuple(kQueued, 3, 1),
                                 std::tuple(kLeaseEnded, 0, 1), std::tuple(kGranted, 2, 0),
                                 std::tuple(kLeaseEnded, 0, 0)));
}

TEST_F(View, TellsOfRefusalsAndWhy) {
  const PeerId peer = add_peer();
  events();
  acquire(peer, "A", 9);
  acquire(peer, "A", 0);
  acquire(4711, "A");
  const auto happened = events();
  ASSERT_EQ(happened.size(), 3U);
  EXPECT_EQ(happened[0].kind, EventKind::kRefused);
  EXPECT_EQ(happened[0].refusal, kNeverFits);
  EXPECT_EQ(happened[0].count, 9);
  EXPECT_EQ(happened[1].refusal, kCountNotPositive);
  EXPECT_EQ(happened[2].refusal, kUnknownPeer);
  EXPECT_EQ(happened[2].peer, 4711U);
}

TEST_F(View, TellsOfAFullQueue) {
  asking("B");
  asking("B");
  const PeerId late = add_peer();
  events();
  acquire(late, "B");
  const auto happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].refusal, kQueueFull);
  EXPECT_EQ(happened[0].semaphore, state_of("B").index);
}

TEST_F(View, TellsNothingOfHeartbeatsAndRepetitions) {
  const PeerId peer = asking("A");
  events();
  heartbeat(peer, 1h);
  acquire(peer, "A");
  set_label(peer, "");
  pass(1s);
  EXPECT_THAT(events(), IsEmpty());
}

TEST(LedgerEvents, StayUntilTheyAreTakenOrCleared) {
  LeaseLedger ledger;
  ledger.add_peer(TimePoint{}, {.time_to_live = 1h, .address = {}, .label = {}});
  ledger.add_peer(TimePoint{}, {.time_to_live = 1h, .address = {}, .label = {}});
  EXPECT_EQ(ledger.events().size(), 2U);
  std::vector<LedgerEvent> batch(3);
  ledger.take_events(batch);
  EXPECT_EQ(batch.size(), 2U);
  EXPECT_THAT(ledger.events(), IsEmpty());
  ledger.add_peer(TimePoint{}, {.time_to_live = 1h, .address = {}, .label = {}});
  ledger.clear_events();
  EXPECT_THAT(ledger.events(), IsEmpty());
}

// --- semaphores ---

TEST_F(View, SemaphoresAreListedByName) {
  configure({{.name = "b", .full_count = 1},
             {.name = "", .full_count = 1},
             {.name = "a", .full_count = 1}});
  std::vector<std::string_view> names;
  for (const SemaphoreState& state : ledger().semaphores())
    names.push_back(state.name);
  EXPECT_THAT(names, ElementsAre("", "a", "b"));
}

TEST_F(View, ASemaphoreCountsWhatIsHeldAndWhoWaits) {
  asking("A", 2);
  pass(1s);
  asking("A", 2);
  pass(2s);
  asking("A", 3);
  pass(4s);
  const SemaphoreState state = state_of("A");
  EXPECT_EQ(state.full_count, 3);
  EXPECT_EQ(state.acquired, 2);
  EXPECT_EQ(state.pending, 5);
  EXPECT_EQ(state.waiting, 2U);
  EXPECT_EQ(state.longest_wait, 6s);
  EXPECT_EQ(state.granted, 1U);
  EXPECT_FALSE(state.retired);
  EXPECT_EQ(ledger().semaphore_name(state.index), "A");
}

TEST_F(View, UnknownSemaphoresAreAbsent) {
  EXPECT_EQ(ledger().semaphore("unknown"), std::nullopt);
  EXPECT_EQ(ledger().remainder("unknown"), std::nullopt);
}

// --- peers ---

TEST_F(View, APeerShowsWhatItHoldsAndAwaits) {
  asking("A", 3);
  const PeerId peer = asking("B");
  pass(3s);
  acquire(peer, "A", 2);
  const PeerPicture shown = picture_of(peer);
  ASSERT_EQ(shown.leases.size(), 1U);
  EXPECT_EQ(shown.leases[0].semaphore, "B");
  EXPECT_EQ(shown.leases[0].since, now - 3s);
  ASSERT_TRUE(shown.pending.has_value());
  EXPECT_EQ(shown.pending->semaphore, "A");
  EXPECT_EQ(shown.pending->count, 2);
  EXPECT_EQ(shown.pending->since, now);
  EXPECT_EQ(shown.pending->token, 0U);
}

TEST_F(View, LabelsAreReplacedAndTakenAway) {
  const PeerId peer = add_peer({.time_to_live = 1h, .address = {}, .label = "one"});
  EXPECT_EQ(picture_of(peer).label, "one");
  set_label(peer, "a longer label than fits into a small string");
  EXPECT_EQ(picture_of(peer).label, "a longer label than fits into a small string");
  set_label(peer, "");
  EXPECT_EQ(picture_of(peer).label, "");
  set_label(4711, "nobody");
}

TEST_F(View, ALabelDoesNotPassToThePeerThatReusesTheSlot) {
  const PeerId first = add_peer({.time_to_live = 1h, .address = {}, .label = "first"});
  remove_peer(first);
  EXPECT_EQ(picture_of(add_peer()).label, "");
}

TEST_F(View, NewIdsHaveFiftyThreeBitsAndAreNotTaken) {
  std::set<PeerId> ids;
  bool large_ones = false;
  for (int i = 0; i < 1000; ++i) {
    const PeerId id = add_peer(0s);
    EXPECT_LT(id, PeerId{1} << 53U);
    large_ones |= id > PeerId{1} << 52U;
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_TRUE(large_ones) << "all the bits are used";
}

TEST_F(View, ANewIdAvoidsARestoredOne) {
  // Another ledger of the same seed shows which id would be drawn.
  LeaseLedger same({.seed = 1, .start = kStart});
  const PeerId drawn = same.add_peer(kStart, living(1h));
  restore(drawn, {});
  EXPECT_NE(add_peer(), drawn);
}

TEST_F(View, LedgersOfOtherSeedsDrawOtherIds) {
  LeaseLedger one({.seed = 1}), other({.seed = 2});
  EXPECT_NE(one.add_peer(kStart, living(1h)), other.add_peer(kStart, living(1h)));
}

TEST_F(View, CountsItsPeers) {
  EXPECT_EQ(ledger().peer_count(), 0U);
  const PeerId peer = add_peer();
  add_peer();
  EXPECT_EQ(ledger().peer_count(), 2U);
  remove_peer(peer);
  EXPECT_EQ(ledger().peer_count(), 1U);
}

// --- the participants, and what an operator does ---

TEST_F(View, NamesThePeerWhenItComesAndWhenItGoes) {
  const PeerId peer =
      add_peer({.time_to_live = 1s, .address = {.port = 7}, .label = "night import"});
  acquire(peer, "A");
  set_label(peer, "day import");
  set_label(peer, "day import");
  pass(2s);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 5U);
  EXPECT_EQ(happened[0].kind, EventKind::kPeerAdded);
  EXPECT_EQ(happened[0].label.text(), "night import");
  EXPECT_EQ(happened[0].client.port, 7);
  EXPECT_EQ(happened[0].semaphore, kNoSemaphore);
  EXPECT_EQ(happened[2].kind, EventKind::kLabelled);
  EXPECT_EQ(happened[2].semaphore, kNoSemaphore);
  for (const std::size_t i : {2U, 3U, 4U}) {
    EXPECT_EQ(happened[i].label.text(), "day import");
    EXPECT_EQ(happened[i].client.port, 7);
  }
  EXPECT_EQ(happened[3].kind, EventKind::kLeaseEnded);
  EXPECT_EQ(happened[4].kind, EventKind::kPeerRemoved);
}

TEST_F(View, NamesAPeerThatLeavesTheQueueByItsEnd) {
  asking("B");
  const PeerId waiter = add_peer({.time_to_live = 1h, .address = {.port = 7}, .label = "import"});
  acquire(waiter, "B");
  events();
  remove_peer(waiter);
  const auto happened = events();
  ASSERT_EQ(happened.size(), 2U);
  EXPECT_EQ(happened[0].kind, EventKind::kWaitEnded);
  EXPECT_EQ(happened[0].label.text(), "import");
  EXPECT_EQ(happened[0].client.port, 7);
}

TEST_F(View, SaysThatAnEndWasForced) {
  const PeerId peer = asking("B"), waiter = asking("B");
  events();
  release(peer, "B", Cause::kForced);
  remove_peer(waiter, Cause::kForced);
  for (const LedgerEvent& event : events()) {
    if (event.kind == EventKind::kGranted) continue;
    EXPECT_EQ(event.cause, Cause::kForced);
  }
}

TEST_F(View, ReportsWhatAConfigurationChanges) {
  configure({{.name = "C", .full_count = 4},
             {.name = "A", .full_count = 3, .level = 0},
             {.name = "B", .full_count = 2, .level = 1, .order = QueueOrder::kLifo}});
  auto happened = events();
  ASSERT_EQ(happened.size(), 2U);
  EXPECT_EQ(happened[0].kind, EventKind::kConfigured);
  EXPECT_EQ(happened[0].semaphore, state_of("B").index);
  EXPECT_EQ(happened[0].count, 2);
  EXPECT_EQ(happened[0].level, 1);
  EXPECT_EQ(happened[0].order, QueueOrder::kLifo);
  EXPECT_EQ(happened[0].max_pending, SemaphoreSettings::kDefaultMaxPending);
  EXPECT_EQ(happened[1].semaphore, state_of("C").index);
  asking("C");
  events();
  configure({{.name = "A", .full_count = 3, .level = 0}});
  happened = events();
  ASSERT_EQ(happened.size(), 2U);
  EXPECT_TRUE(happened[0].retired && happened[1].retired);
  configure({{.name = "A", .full_count = 3, .level = 0}, {.name = "C", .full_count = 4}});
  happened = events();
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_FALSE(happened[0].retired);
}

TEST_F(View, ReportsTheFirstPauseAndTheEndOfTheLast) {
  pause("A");
  pause("A");
  resume("A");
  EXPECT_THAT(kinds(), ElementsAre(EventKind::kPaused));
  resume("A");
  resume("A");
  EXPECT_THAT(kinds(), ElementsAre(EventKind::kResumed));
}

TEST(PauseOfAll, IsReportedWithoutASemaphore) {
  LeaseLedger ledger(LeaseLedger::Options{});
  ledger.pause_all();
  ledger.pause_all();
  ledger.resume_all(TimePoint());
  ASSERT_EQ(ledger.events().size(), 1U);
  EXPECT_EQ(ledger.events()[0].kind, EventKind::kPaused);
  EXPECT_EQ(ledger.events()[0].semaphore, kNoSemaphore);
  ledger.resume_all(TimePoint());
  ASSERT_EQ(ledger.events().size(), 2U);
  EXPECT_EQ(ledger.events()[1].kind, EventKind::kResumed);
  EXPECT_EQ(ledger.events()[1].semaphore, kNoSemaphore);
}

}  // namespace
}  // namespace throttle::testing
