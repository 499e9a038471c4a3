// The decisions of recycling, with a real ledger and without a loop.
#include "libthrottle/proxy/recycling.h"

#include <algorithm>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::proxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Step = Recycling::Step;

class RecyclingTest : public testing::Test, public Recycling::Actions {
 protected:
  RecyclingTest() { resize(1); }
  void TearDown() override { EXPECT_EQ(ledger.check(), ""); }

  void restart() noexcept override { ++restarts; }
  void probe() noexcept override { ++probes; }
  void let_go(const Activation& activation) noexcept override {
    let_gone.push_back(activation.peer);
    if (every > 0 && recycling->count(every)) recycling->begin("A");
  }

  void resize(Count places) {
    const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = places}};
    ledger.configure(now, settings);
  }
  PeerId enroll() {
    const PeerId peer = ledger.enroll(now, {.spec = {}, .semaphore = "A"}).peer;
    hub.settle();
    return peer;
  }
  void end(PeerId peer) {
    ledger.remove_peer(now, peer);
    hub.settle();
  }
  bool holds(PeerId peer) const { return ledger.is_acquired(peer) == true; }
  void succeed() {
    recycling->on_restarted(now, true);
    recycling->on_probed(now);
  }

  const TimePoint now{};
  LeaseLedger ledger;
  LedgerHub hub{ledger};
  std::optional<Recycling> recycling{std::in_place, hub, *this};
  int restarts = 0;
  int probes = 0;
  std::size_t every = 0;
  std::vector<PeerId> let_gone;
};

TEST_F(RecyclingTest, IsDueWithEveryNthActivation) {
  EXPECT_FALSE(recycling->count(2));
  EXPECT_TRUE(recycling->count(2));
  recycling->begin("A");
  EXPECT_FALSE(recycling->count(2));
  EXPECT_TRUE(recycling->count(2));
  EXPECT_FALSE(recycling->count(0));
}

TEST_F(RecyclingTest, BeginsAtOnceWhereNothingRuns) {
  EXPECT_TRUE(recycling->begin("A"));
  EXPECT_EQ(restarts, 1);
  EXPECT_FALSE(recycling->begin("A")) << "it is under way";
  recycling->on_restarted(now, true);
  EXPECT_EQ(recycling->step(), Step::kProbing);
  EXPECT_EQ(probes, 1);
  recycling->on_probed(now);
  EXPECT_EQ(recycling->step(), Step::kIdle);
}

TEST_F(RecyclingTest, GivesUpInEachStepAndResumesTheSemaphore) {
  const PeerId runs = enroll();
  recycling->begin("A");
  recycling->give_up(now);
  EXPECT_EQ(recycling->step(), Step::kIdle);
  end(runs);
  EXPECT_EQ(restarts, 0) << "what is given up begins nothing";
  recycling->begin("A");
  recycling->give_up(now);
  recycling->begin("A");
  recycling->on_restarted(now, true);
  recycling->give_up(now);
  EXPECT_EQ(recycling->step(), Step::kIdle);
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(RecyclingTest, WaitsForTheLeasesOfAnotherSemaphoreToo) {
  const std::vector<SemaphoreSettings> both{{.name = "A", .full_count = 1},
                                            {.name = "A/extra", .full_count = 1}};
  ledger.configure(now, both);
  const PeerId runs = enroll();
  const PeerId extra = ledger.enroll(now, {.spec = {}, .semaphore = "A/extra"}).peer;
  hub.settle();
  recycling->begin("A", "A/extra");
  end(runs);
  EXPECT_EQ(recycling->step(), Step::kDraining);
  end(extra);
  EXPECT_EQ(restarts, 1);
  const PeerId late = ledger.enroll(now, {.spec = {}, .semaphore = "A/extra"}).peer;
  hub.settle();
  recycling->hold({.peer = late});
  succeed();
  EXPECT_THAT(let_gone, ElementsAre(late));
}

TEST_F(RecyclingTest, LetsTheRunningOnesEndAndTheOthersWaitInTheirPlaces) {
  resize(2);
  const PeerId first = enroll();
  const PeerId second = enroll();
  const PeerId third = enroll();
  const PeerId fourth = enroll();
  recycling->begin("A");
  end(first);
  EXPECT_EQ(recycling->step(), Step::kDraining);
  end(second);
  EXPECT_EQ(restarts, 1);
  EXPECT_FALSE(holds(third));
  succeed();
  EXPECT_TRUE(holds(third));
  EXPECT_TRUE(holds(fourth));
}

TEST_F(RecyclingTest, HoldsWhatWasGrantedInTheSameTurnAndLetsItGoInOrder) {
  resize(3);
  const PeerId first = enroll();
  const PeerId second = enroll();
  const PeerId third = enroll();
  recycling->begin("A");
  EXPECT_TRUE(recycling->holds_back());
  recycling->hold({.peer = second});
  recycling->hold({.peer = third});
  EXPECT_EQ(restarts, 0);
  end(first);
  EXPECT_EQ(restarts, 1) << "those that are held are no reason to wait";
  EXPECT_THAT(let_gone, IsEmpty());
  succeed();
  EXPECT_THAT(let_gone, ElementsAre(second, third));
  EXPECT_FALSE(recycling->holds_back());
}

// The ledger grants before anybody is notified.
TEST_F(RecyclingTest, WaitsForAGrantThatHasNotComeYet) {
  const PeerId granted = enroll();
  recycling->begin("A");
  EXPECT_EQ(restarts, 0);
  recycling->hold({.peer = granted});
  EXPECT_EQ(restarts, 1);
}

TEST_F(RecyclingTest, OneThatIsHeldAndLeftDoesNotStandForOneThatRuns) {
  resize(2);
  const PeerId runs = enroll();
  const PeerId leaves = enroll();
  recycling->begin("A");
  recycling->hold({.peer = leaves});
  end(leaves);
  EXPECT_EQ(restarts, 0);
  recycling->drop(leaves);
  EXPECT_EQ(restarts, 0);
  end(runs);
  EXPECT_EQ(restarts, 1);
  succeed();
  EXPECT_THAT(let_gone, IsEmpty());
}

TEST_F(RecyclingTest, OneThatIsDroppedBeforeItsLeaseEndsIsWaitedFor) {
  const PeerId leaves = enroll();
  recycling->begin("A");
  EXPECT_EQ(restarts, 0);
  recycling->drop(leaves);
  EXPECT_EQ(restarts, 0);
  end(leaves);
  EXPECT_EQ(restarts, 1);
}

TEST_F(RecyclingTest, RestartsUnderThoseWhoDoNotEndWhenItStopsDraining) {
  resize(2);
  enroll();
  const PeerId held = enroll();
  const PeerId waiter = enroll();
  recycling->stop_draining();
  EXPECT_EQ(restarts, 0) << "it has not begun";
  recycling->begin("A");
  recycling->hold({.peer = held});
  EXPECT_TRUE(recycling->holds(held));
  EXPECT_FALSE(recycling->holds(waiter));
  recycling->stop_draining();
  recycling->stop_draining();
  EXPECT_EQ(restarts, 1);
  succeed();
  EXPECT_THAT(let_gone, ElementsAre(held));
  EXPECT_FALSE(holds(waiter)) << "a peer that did not end has a place still";
}

TEST_F(RecyclingTest, LetsAllGoOnWithoutAProbeAfterAFailedRestart) {
  recycling->begin("A");
  const PeerId waiter = enroll();
  recycling->on_restarted(now, false);
  EXPECT_EQ(probes, 0);
  EXPECT_TRUE(holds(waiter));
  EXPECT_FALSE(recycling->holds_back());
}

TEST_F(RecyclingTest, BegunAnewByOneThatWasHeldKeepsTheRestAndThePause) {
  resize(3);
  every = 2;
  const PeerId first = enroll();
  const PeerId second = enroll();
  const PeerId third = enroll();
  const PeerId fourth = enroll();
  recycling->begin("A");
  for (const PeerId each : {first, second, third})
    recycling->hold({.peer = each});
  EXPECT_EQ(restarts, 1);
  succeed();
  EXPECT_THAT(let_gone, ElementsAre(first, second));
  EXPECT_EQ(recycling->step(), Step::kDraining);
  end(first);
  EXPECT_FALSE(holds(fourth));
  end(second);
  EXPECT_EQ(restarts, 2);
  succeed();
  EXPECT_THAT(let_gone, ElementsAre(first, second, third));
  EXPECT_TRUE(holds(fourth));
}

TEST_F(RecyclingTest, ResumesWhenItIsDestroyed) {
  recycling->begin("A");
  const PeerId waiter = enroll();
  EXPECT_FALSE(holds(waiter));
  recycling.reset();
  EXPECT_TRUE(holds(waiter));
  hub.settle();
}

TEST_F(RecyclingTest, SurvivesThatTheSemaphoreIsNoLongerConfigured) {
  const PeerId runs = enroll();
  recycling->begin("A");
  ledger.configure(now, {});
  hub.settle();
  end(runs);
  EXPECT_EQ(restarts, 1);
  succeed();
  EXPECT_EQ(recycling->step(), Step::kIdle);
}

// A door in miniature: connections come, are activated, end or leave at random.
class RecyclingUnderWay : public RecyclingTest {
 protected:
  void let_go(const Activation& activation) noexcept override {
    EXPECT_EQ(recycling->step(), Step::kIdle);
    running.push_back(activation.peer);
    ++activations;
    if (recycling->count(every)) recycling->begin("A");
  }
  void restart() noexcept override {
    EXPECT_THAT(running, IsEmpty());
    ++restarts;
  }
  void on_events(std::span<const LedgerEvent> events) {
    for (const LedgerEvent& event : events) {
      if (event.kind != EventKind::kGranted) continue;
      EXPECT_GT(event.peer, 0U);
      if (recycling->holds_back())
        recycling->hold({.peer = event.peer});
      else
        let_go({.peer = event.peer});
    }
  }
  void step() {
    const std::size_t choice = random() % 8;
    if (choice < 2 && peers.size() < 10) peers.push_back(enroll());
    if (choice == 2 || choice == 3) finish_one(running);
    if (choice == 4) finish_one(peers);
    if (choice == 5 && recycling->step() == Step::kRestarting) {
      recycling->on_restarted(now, random() % 4 > 0);
    }
    if (choice == 6 && recycling->step() == Step::kProbing) recycling->on_probed(now);
    hub.settle();
  }
  void finish_one(std::vector<PeerId>& from) {
    if (from.empty()) return;
    const PeerId peer = from[random() % from.size()];
    std::erase(peers, peer);
    std::erase(running, peer);
    const bool before = random() % 2 == 0;
    if (before) recycling->drop(peer);
    end(peer);
    if (!before) recycling->drop(peer);
  }

  LedgerHub::Subscription subscription =
      hub.add_observer([this](std::span<const LedgerEvent> events) { on_events(events); });
  std::minstd_rand random{20260401};
  std::vector<PeerId> peers;
  std::vector<PeerId> running;
  std::size_t activations = 0;
};

TEST_F(RecyclingUnderWay, NeverRestartsUnderARunningConnectionAndNeverStops) {
  resize(3);
  every = 2;
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    step();
    ASSERT_EQ(ledger.check(), "");
  }
  EXPECT_GT(restarts, 500);
  EXPECT_GT(activations, 1000U);
  every = 0;
  for (int i = 0; i < 100'000 && !(peers.empty() && recycling->step() == Step::kIdle); ++i) {
    finish_one(running);
    if (recycling->step() == Step::kRestarting) recycling->on_restarted(now, true);
    if (recycling->step() == Step::kProbing) recycling->on_probed(now);
    hub.settle();
  }
  EXPECT_THAT(peers, IsEmpty()) << "somebody waits for ever";
}

}  // namespace
}  // namespace throttle::proxy
