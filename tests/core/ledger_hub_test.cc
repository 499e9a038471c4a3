// Every observer hears everything once and in order, also what observers cause themselves.
#include "libthrottle/core/ledger_hub.h"

#include <chrono>
#include <optional>
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
    const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 1}};
    ledger.configure(TimePoint{}, settings);
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

TEST_F(Hub, HandsOnWhatAnObserverCausedAfterWhatCameBefore) {
  std::vector<EventKind> heard;
  const auto first = hub.add_observer([this](std::span<const LedgerEvent> events) {
    for (const LedgerEvent& event : events) {
      if (event.kind == EventKind::kGranted) ledger.remove_peer(TimePoint{}, event.peer);
    }
    hub.settle();  // a door settles after every operation, also here
  });
  const auto second = hub.add_observer(writing_to(heard));
  const PeerId peer = add_peer();
  ledger.acquire(TimePoint{}, {.peer = peer, .semaphore = "A"});
  hub.settle();
  EXPECT_THAT(heard, ElementsAre(EventKind::kPeerAdded, EventKind::kGranted, EventKind::kLeaseEnded,
                                 EventKind::kPeerRemoved));
  EXPECT_EQ(ledger.peer_count(), 0U);
}

TEST_F(Hub, SaysThatItSettledOnceAndAlsoWhereNothingHappened) {
  int settled = 0;
  std::vector<EventKind> heard;
  hub.on_settled([&settled] { ++settled; });
  const auto second = hub.add_observer(writing_to(heard));
  hub.settle();
  EXPECT_EQ(settled, 1);
  add_peer();
  hub.settle();
  EXPECT_EQ(settled, 2);
  EXPECT_EQ(heard.size(), 1U);
}

TEST_F(Hub, KnowsItsLedger) {
  EXPECT_EQ(&hub.ledger(), &ledger);
}

TEST_F(Hub, TellsNothingToAnObserverThatIsGone) {
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

}  // namespace
}  // namespace throttle
