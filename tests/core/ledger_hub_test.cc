// Every observer receives everything once and in order, also what observers cause themselves; a
// listener receives what belongs to its semaphore.
#include "libthrottle/core/ledger_hub.h"

#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/ledger_text.h"

namespace throttle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Hub : public ::testing::Test {
 protected:
  Hub() {
    const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 1},
                                                  {.name = "B", .full_count = 1}};
    ledger.configure(TimePoint{}, settings);
    ledger.clear_events();
  }
  PeerId add_peer() {
    return ledger.add_peer(TimePoint{}, {.time_to_live = 1h, .address = {}, .label = {}});
  }
  LedgerHub::Observer writing_to(std::vector<EventKind>& heard) {
    return [&heard](std::span<const LedgerEvent> events) {
      for (const LedgerEvent& event : events)
        heard.push_back(event.kind);
    };
  }

  LedgerHub::Listener writing_each_to(std::vector<EventKind>& heard) {
    return [&heard](const LedgerEvent& event) { heard.push_back(event.kind); };
  }
  SemaphoreIndex index_of(std::string_view name) { return ledger.semaphore(name)->index; }

  LeaseLedger ledger;
  LedgerHub hub{ledger};
};

TEST_F(Hub, HandsEventsToEveryObserverOnce) {
  std::vector<EventKind> one, other;
  const auto first = hub.add_observer(writing_to(one));
  const auto second = hub.add_observer(writing_to(other));
  const PeerId peer = add_peer();
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  hub.settle();
  EXPECT_THAT(one, ElementsAre(EventKind::kPeerAdded, EventKind::kGranted));
  EXPECT_EQ(other, one);
  hub.settle();
  EXPECT_EQ(one.size(), 2U);
  EXPECT_THAT(ledger.events(), IsEmpty());
}

TEST_F(Hub, AsksObserversInTheOrderInWhichTheyCame) {
  std::vector<int> order;
  const auto first =
      hub.add_observer([&order](std::span<const LedgerEvent>) { order.push_back(1); });
  const auto second =
      hub.add_observer([&order](std::span<const LedgerEvent>) { order.push_back(2); });
  add_peer();
  hub.settle();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(Hub, GoesOnAfterAnObserverFoundNoMemory) {
  bool is_short = true;
  std::vector<EventKind> heard;
  std::optional<LedgerHub::Subscription> other;
  const auto failing = hub.add_observer([&](std::span<const LedgerEvent>) {
    if (!is_short) return;
    other.reset();
    throw std::bad_alloc();  // tidy-allow: no-throw, for memory that is short
  });
  other = hub.add_observer([](std::span<const LedgerEvent>) { FAIL() << "it is removed"; });
  const auto last = hub.add_observer(writing_to(heard));
  const PeerId peer = add_peer();
  EXPECT_THROW(hub.settle(), std::bad_alloc);
  is_short = false;
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  hub.settle();
  EXPECT_THAT(heard, ElementsAre(EventKind::kGranted));
}

TEST_F(Hub, HandsOnWhatAnObserverCausedAfterWhatCameBefore) {
  std::vector<EventKind> heard;
  const auto first = hub.add_observer([this](std::span<const LedgerEvent> events) {
    for (const LedgerEvent& event : events) {
      if (event.kind == EventKind::kGranted) ledger.remove_peer(TimePoint{}, event.peer);
    }
  });
  const auto second = hub.add_observer(writing_to(heard));
  const PeerId peer = add_peer();
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  hub.settle();
  EXPECT_THAT(heard, ElementsAre(EventKind::kPeerAdded, EventKind::kGranted, EventKind::kLeaseEnded,
                                 EventKind::kPeerRemoved));
  EXPECT_EQ(ledger.peer_count(), 0U);
}

TEST_F(Hub, CallsNobodyBeforeItSettles) {
  std::vector<EventKind> heard;
  const auto subscription = hub.add_observer(writing_to(heard));
  ledger.remove_peer(TimePoint{}, add_peer());
  EXPECT_THAT(heard, IsEmpty());
  hub.settle();
  EXPECT_THAT(heard, ElementsAre(EventKind::kPeerAdded, EventKind::kPeerRemoved));
}

TEST_F(Hub, GivesAListenerWhatBelongsToItsSemaphoreAlone) {
  std::vector<EventKind> of_a, of_b;
  const auto first = hub.add_listener(index_of("A"), writing_each_to(of_a));
  const auto second = hub.add_listener(index_of("B"), writing_each_to(of_b));
  const PeerId peer = add_peer();
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "B"});
  hub.settle();
  EXPECT_THAT(of_a, IsEmpty());
  EXPECT_THAT(of_b, ElementsAre(EventKind::kGranted));
  ledger.remove_peer(TimePoint{}, peer);
  hub.settle();
  EXPECT_THAT(of_a, IsEmpty());
  EXPECT_THAT(of_b, ElementsAre(EventKind::kGranted, EventKind::kLeaseEnded));
}

TEST_F(Hub, GivesAListenerThatIsAddedWithinABatchNothingOfIt) {
  std::vector<EventKind> late;
  LedgerHub::Subscription second;
  bool added = false;
  const auto first = hub.add_listener(index_of("A"), [&](const LedgerEvent& event) {
    if (event.kind == EventKind::kGranted && !std::exchange(added, true))
      second = hub.add_listener(index_of("A"), writing_each_to(late));
  });
  const PeerId peer = add_peer();
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  ledger.release(TimePoint{}, peer, "A");
  hub.settle();
  EXPECT_THAT(late, IsEmpty());
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  hub.settle();
  EXPECT_THAT(late, ElementsAre(EventKind::kGranted));
}

TEST_F(Hub, LetsAListenerRemoveItselfAndOthersInTheMiddleOfABatch) {
  std::optional<LedgerHub::Subscription> own, other;
  int heard = 0;
  std::vector<EventKind> left;
  own = hub.add_listener(index_of("A"), [&](const LedgerEvent&) {
    ++heard;
    other.reset();
    own.reset();
  });
  other = hub.add_listener(index_of("A"), writing_each_to(left));
  const PeerId peer = add_peer();
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  ledger.release(TimePoint{}, peer, "A");
  hub.settle();
  EXPECT_EQ(heard, 1);
  EXPECT_THAT(left, IsEmpty());
}

TEST_F(Hub, KnowsItsLedger) {
  EXPECT_EQ(&hub.ledger(), &ledger);
}

TEST_F(Hub, CallsNoObserverThatIsGone) {
  std::vector<EventKind> stayed, left;
  auto leaving = std::make_optional(hub.add_observer(writing_to(left)));
  const auto staying = hub.add_observer(writing_to(stayed));
  leaving.reset();
  add_peer();
  hub.settle();
  EXPECT_THAT(left, IsEmpty());
  EXPECT_THAT(stayed, ElementsAre(EventKind::kPeerAdded));
}

TEST_F(Hub, LetsAnObserverRemoveItselfAndOthersWhileItHears) {
  std::vector<EventKind> left;
  std::optional<LedgerHub::Subscription> own, other;
  int heard = 0;
  own = hub.add_observer([&](std::span<const LedgerEvent>) {
    ++heard;
    other.reset();
    own.reset();
  });
  other = hub.add_observer(writing_to(left));
  add_peer();
  hub.settle();
  add_peer();
  hub.settle();
  EXPECT_EQ(heard, 1);
  EXPECT_THAT(left, IsEmpty());
}

// An observer looks up the semaphore of each event, also where no semaphore was ever configured.
TEST(HubOfAFreshLedger, HandsOnEventsWithoutASemaphore) {
  LeaseLedger ledger;
  LedgerHub hub(ledger);
  std::vector<std::string> names;
  const auto observer = hub.add_observer([&](std::span<const LedgerEvent> events) {
    for (const LedgerEvent& event : events)
      names.emplace_back(ledger.semaphore_name(event.semaphore));
  });
  int heard = 0;
  const auto listener = hub.add_listener(0, [&heard](const LedgerEvent&) { ++heard; });
  ledger.add_peer(TimePoint{}, {});
  hub.settle();
  EXPECT_THAT(names, ElementsAre(""));
  EXPECT_EQ(heard, 0);
}

}  // namespace
}  // namespace throttle
