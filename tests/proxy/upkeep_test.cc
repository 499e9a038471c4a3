// The upkeep with a real ledger, a real upstream on the loopback, and hooks that the tests answer.
#include "libthrottle/proxy/upkeep.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/proxy/dialer.h"
#include "tests/proxy/manual_hooks.h"
#include "tests/uv/deserted_port.h"
#include "tests/uv/run_guard.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::proxy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

class UpkeepTest : public testing::Test, public Upkeep::Receiver {
 protected:
  UpkeepTest() {
    settings.name = "office";
    const std::vector<SemaphoreSettings> semaphores{{.name = "office", .full_count = 1}};
    ledger.configure({}, semaphores);
    upkeep.emplace(Upkeep::Surroundings{loop, hub, upstream, &hooks}, settings, *this);
  }
  ~UpkeepTest() override { upkeep.reset(); }  // it tells what it ends
  void TearDown() override { EXPECT_EQ(ledger.check(), ""); }

  void on_prepared(const Activation& activation, Result<void> verdict) noexcept override {
    verdicts[activation.peer] = verdict ? "" : verdict.error().message;
    order.push_back(activation.peer);
    numbers.push_back(activation.number);
  }
  void on_recycling_overdue() noexcept override {
    ++overdue;
    if (overdue_one) end(*overdue_one);
  }
  void on_hook_line(const HookCall& hook, std::string_view line) noexcept override {
    lines.push_back(std::string(name_of(hook.kind)) + ": " + std::string(line));
  }
  void on_note(NoteWeight, std::string_view what) noexcept override { notes.emplace_back(what); }
  void on_hook_done(const HookCall& hook, Duration took,
                    const Result<void>& verdict) noexcept override {
    EXPECT_GE(took, 0s);
    done.push_back(std::string(name_of(hook.kind)) +
                   (verdict ? " good" : " bad: " + verdict.error().message));
  }

  PeerId enroll() {
    const PeerId peer = ledger.enroll({}, {.spec = {}, .semaphore = "office"}).peer;
    hub.settle();
    return peer;
  }
  PeerId begin() {
    const PeerId peer = enroll();
    upkeep->begin({.peer = peer});
    return peer;
  }
  void end(PeerId peer) {
    ledger.remove_peer({}, peer);
    hub.settle();
  }
  bool holds(PeerId peer) const { return ledger.is_acquired(peer) == true; }
  void apply() { upkeep->set_settings(settings); }
  void recycle_every(std::size_t count) {
    settings.hooks.recycle_every = count;
    hooks.kinds.insert(HookKind::kRecycle);
    apply();
  }
  template <typename Condition>
  void run_until(Condition reached) {
    for (const TimePoint give_up = uv::now() + uv::kPatience; !reached() && uv::now() < give_up;)
      uv::run_briefly(loop, 5ms);
    EXPECT_TRUE(reached());
  }
  void run_until_recycled() {
    run_until([&] { return !upkeep->recycling(); });
  }

  uv::Loop loop;
  uv::ListeningEnd listener{loop};
  LeaseLedger ledger;
  LedgerHub hub{ledger};
  Upstream upstream{loop, {"127.0.0.1", listener.listener->local_address().port}};
  Settings settings;
  ManualHooks hooks;
  std::optional<Upkeep> upkeep;

  std::map<PeerId, std::string> verdicts;
  std::vector<PeerId> order;
  std::vector<std::uint64_t> numbers;  // in the same order
  std::vector<std::string> lines;
  std::vector<std::string> notes;
  std::vector<std::string> done;
  int overdue = 0;
  std::optional<PeerId> overdue_one;  // ends when it is told to
};

TEST_F(UpkeepTest, LetsAConnectionGoOnAtOnceWhereThereIsNoHook) {
  const PeerId peer = begin();
  EXPECT_EQ(verdicts.at(peer), "");
  EXPECT_THAT(hooks.calls, IsEmpty());
  EXPECT_THAT(done, IsEmpty());
}

class UpkeepWithHook : public UpkeepTest {
 protected:
  UpkeepWithHook() { hooks.kinds = {HookKind::kBeforeActivate}; }
};

TEST_F(UpkeepWithHook, WaitsForTheHook) {
  const PeerId peer = begin();
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_EQ(hooks.calls.at(0).activation.peer, peer);
  hooks.running.front()->listener.on_line("hello");
  hooks.end_first();
  EXPECT_EQ(verdicts.at(peer), "");
  EXPECT_THAT(lines, ElementsAre("before-activate: hello"));
  EXPECT_THAT(done, ElementsAre("before-activate good"));
  EXPECT_EQ(hooks.destroyed, 1);
}

TEST_F(UpkeepWithHook, TurnsTheClientAwayWhenTheHookFails) {
  const PeerId peer = begin();
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 3"));
  EXPECT_EQ(verdicts.at(peer), "status 3");
  EXPECT_THAT(done, ElementsAre("before-activate bad: status 3"));
}

TEST_F(UpkeepWithHook, TurnsTheClientAwayInALaterTurnWhenTheHookCannotStart) {
  hooks.cannot_start = true;
  const PeerId peer = begin();
  EXPECT_THAT(verdicts, IsEmpty());
  run_until([&] { return !verdicts.empty(); });
  EXPECT_EQ(verdicts.at(peer), "no shell");
}

TEST_F(UpkeepWithHook, TakesAnAnswerAtOnceForTheNextTurn) {
  hooks.at_once = Result<void>();
  const PeerId peer = begin();
  EXPECT_THAT(verdicts, IsEmpty());
  run_until([&] { return !verdicts.empty(); });
  EXPECT_EQ(verdicts.at(peer), "");
}

TEST_F(UpkeepWithHook, EndsAHookThatHangs) {
  settings.hooks.timeout = 10ms;
  apply();
  const PeerId peer = begin();
  run_until([&] { return !verdicts.empty(); });
  EXPECT_EQ(verdicts.at(peer), "the before-activate hook took longer than 10ms and was ended");
  EXPECT_THAT(hooks.running, IsEmpty());
}

TEST_F(UpkeepWithHook, LetsTheHookOfAClientThatLeftGoOnToItsEnd) {
  const PeerId peer = begin();
  EXPECT_TRUE(upkeep->leave(peer));
  EXPECT_THAT(hooks.running, SizeIs(1));
  EXPECT_THAT(verdicts, IsEmpty());
  hooks.end_first();
  EXPECT_EQ(verdicts.at(peer), "");
  EXPECT_THAT(done, ElementsAre("before-activate good"));
}

TEST_F(UpkeepWithHook, EndsTheHookOfAConnectionThatIsCutOffAndTells) {
  const PeerId peer = begin();
  upkeep->cancel(peer);
  EXPECT_THAT(hooks.running, IsEmpty());
  uv::run_briefly(loop);
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(done, ElementsAre("before-activate bad: "
                                "the before-activate hook was ended with its connection"));
}

TEST_F(UpkeepWithHook, EndsWhatRunsWhenItIsDestroyedAndTells) {
  hooks.kinds.insert(HookKind::kOnTimeout);
  begin();
  upkeep->on_time_to_live({});
  upkeep.reset();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(done,
              ElementsAre("before-activate bad: the before-activate hook was ended with the proxy",
                          "on-timeout bad: the on-timeout hook was ended with the proxy"));
}

TEST_F(UpkeepWithHook, NumbersTheActivationsAndTellsOfATimeToLiveOnce) {
  end(begin());
  upkeep->on_time_to_live({});
  end(begin());
  begin();
  ASSERT_THAT(hooks.calls, SizeIs(3));
  EXPECT_EQ(hooks.calls[0].activation.number, 1U);
  EXPECT_EQ(hooks.calls[2].activation.number, 3U);
  hooks.running[1]->listener.on_ended({});
  hooks.end_first();
  EXPECT_THAT(numbers, ElementsAre(2U, 1U));
  EXPECT_FALSE(hooks.calls[0].timed_out);
  EXPECT_TRUE(hooks.calls[1].timed_out);
  EXPECT_FALSE(hooks.calls[2].timed_out);
}

TEST_F(UpkeepWithHook, DoesNotWaitForTheHookOfATimeToLive) {
  hooks.kinds.insert(HookKind::kOnTimeout);
  upkeep->on_time_to_live({.peer = 7});
  upkeep->on_time_to_live({.peer = 8});
  const PeerId peer = begin();
  ASSERT_THAT(hooks.running, SizeIs(3));
  EXPECT_EQ(hooks.calls[0].activation.peer, 7U);
  hooks.running[2]->listener.on_ended({});
  EXPECT_EQ(verdicts.at(peer), "");
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 3"));
  EXPECT_THAT(done, Contains("on-timeout bad: status 3"));
  hooks.end_first();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_THAT(notes, IsEmpty());
}

TEST_F(UpkeepTest, RecyclesAfterTheNthConnectionAndNotBeforeTheNextOne) {
  recycle_every(2);
  end(begin());
  const PeerId second = begin();
  const PeerId third = enroll();
  EXPECT_TRUE(upkeep->recycling());
  EXPECT_THAT(hooks.calls, IsEmpty()) << "the second one still runs";
  end(second);
  ASSERT_THAT(hooks.running, SizeIs(1));
  EXPECT_FALSE(holds(third));
  hooks.end_first();
  EXPECT_TRUE(upkeep->recycling()) << "until the upstream has answered";
  run_until_recycled();
  EXPECT_TRUE(holds(third));
  run_until([&] { return listener.streams.size() == 1; });  // the probe
  EXPECT_THAT(done, ElementsAre("recycle good"));
  EXPECT_THAT(notes, ElementsAre("recycling of the upstream begins after 2 activations",
                                 StartsWith("the upstream is recycled and answers after ")));
}

TEST_F(UpkeepTest, OnlyProbesWhereThereIsNoRecycleHook) {
  recycle_every(1);
  hooks.kinds.clear();
  end(begin());
  run_until_recycled();
  run_until([&] { return listener.streams.size() == 1; });
}

TEST_F(UpkeepTest, GoesOnAndCountsAnewAfterAFailedRecycling) {
  recycle_every(1);
  end(begin());
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 3"));
  EXPECT_FALSE(upkeep->recycling());
  EXPECT_THAT(notes, Contains("the upstream is not recycled: status 3"));
  const PeerId next = begin();
  EXPECT_EQ(verdicts.at(next), "");
  EXPECT_TRUE(upkeep->recycling());
  end(next);
  EXPECT_THAT(hooks.calls, SizeIs(2)) << "the second attempt";
}

TEST_F(UpkeepTest, GoesOnAfterARecyclingThatHangs) {
  settings.hooks.timeout = 10ms;
  recycle_every(1);
  end(begin());
  run_until_recycled();
  EXPECT_THAT(notes, Contains("the upstream is not recycled: "
                              "the recycle hook took longer than 10ms and was ended"));
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(UpkeepTest, GoesOnWhenTheUpstreamDoesNotAnswerAgain) {
  const SocketAddress closed = listener.listener->local_address();
  listener.listener = fail(ErrorCode::kUnavailable, "closed");
  const uv::DesertedPort port(loop, closed);
  settings.hooks.ready_timeout = 30ms;
  recycle_every(1);
  end(begin());
  hooks.end_first();
  run_until_recycled();
  EXPECT_THAT(notes,
              Contains(HasSubstr("does not answer after its recycling: cannot connect to ")));
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(UpkeepTest, LetsThoseGrantedInTheSameTurnGoAfterTheRecycling) {
  const std::vector<SemaphoreSettings> three{{.name = "office", .full_count = 3}};
  ledger.configure({}, three);
  recycle_every(3);
  const PeerId a = begin();
  const PeerId b = enroll();
  const PeerId c = enroll();
  upkeep->on_time_to_live({});
  settings.hooks.recycle_after_timeout = true;
  apply();
  upkeep->on_time_to_live({});
  upkeep->begin({.peer = b});
  upkeep->begin({.peer = c});
  EXPECT_THAT(order, ElementsAre(a));
  end(a);
  hooks.end_first();
  run_until_recycled();
  EXPECT_THAT(order, ElementsAre(a, b, c));
}

TEST_F(UpkeepTest, ForgetsAClientThatLeavesBeforeItsHookRuns) {
  recycle_every(1);
  const PeerId runs = begin();
  const PeerId held = enroll();
  upkeep->begin({.peer = held});
  EXPECT_TRUE(upkeep->holds(held));
  EXPECT_FALSE(upkeep->leave(held));
  EXPECT_FALSE(upkeep->holds(held));
  end(held);
  end(runs);
  hooks.end_first();
  run_until_recycled();
  EXPECT_THAT(order, ElementsAre(runs));
}

TEST_F(UpkeepTest, EndsThoseThatHoldARecyclingUpForTooLong) {
  settings.hooks.recycle_drain_timeout = 10ms;
  recycle_every(1);
  overdue_one = begin();
  const PeerId waiter = enroll();
  run_until([&] { return !hooks.running.empty(); });
  EXPECT_EQ(overdue, 1);
  EXPECT_FALSE(holds(waiter));
  hooks.end_first();
  run_until_recycled();
  EXPECT_TRUE(holds(waiter));
  EXPECT_THAT(notes, Contains(HasSubstr("the drain timeout of the recycling is over")));
}

TEST_F(UpkeepTest, RecyclesUnderALeaseThatItCannotEnd) {
  settings.hooks.recycle_drain_timeout = 10ms;
  recycle_every(1);
  const PeerId stays = begin();
  run_until([&] { return !hooks.running.empty(); });
  EXPECT_TRUE(holds(stays));
  hooks.end_first();
  run_until_recycled();
  EXPECT_FALSE(holds(enroll()));
}

TEST_F(UpkeepTest, LimitsARecyclingThatWaitsAlready) {
  recycle_every(1);
  begin();
  uv::run_briefly(loop, 20ms);
  EXPECT_EQ(overdue, 0);
  settings.hooks.recycle_drain_timeout = 10ms;
  apply();
  run_until([&] { return !hooks.running.empty(); });
  EXPECT_EQ(overdue, 1);
}

TEST_F(UpkeepTest, EndsNobodyForARecyclingThatWaitsNoLonger) {
  settings.hooks.recycle_drain_timeout = 20ms;
  recycle_every(1);
  end(begin());
  ASSERT_THAT(hooks.running, SizeIs(1));
  uv::run_briefly(loop, 40ms);
  EXPECT_EQ(overdue, 0);
}

TEST_F(UpkeepTest, RecyclesAfterATimeToLive) {
  settings.hooks.recycle_after_timeout = true;
  recycle_every(0);
  end(begin());
  upkeep->on_time_to_live({});
  ASSERT_THAT(hooks.calls, SizeIs(1));
  EXPECT_TRUE(hooks.calls[0].timed_out);
  const PeerId waiter = enroll();
  EXPECT_FALSE(holds(waiter));
  hooks.end_first();
  run_until_recycled();
  EXPECT_TRUE(holds(waiter));
}

TEST_F(UpkeepTest, ResumesTheSemaphoreThatItPausedThoughTheSettingsChanged) {
  recycle_every(1);
  end(begin());
  settings.semaphore = "another";
  recycle_every(0);
  hooks.end_first();
  run_until_recycled();
  EXPECT_TRUE(holds(enroll()));
  EXPECT_FALSE(upkeep->recycling());
}

TEST_F(UpkeepTest, ResumesTheSemaphoreWhenItIsDestroyed) {
  recycle_every(1);
  const PeerId runs = begin();
  upkeep.reset();
  end(runs);
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(UpkeepTest, StopsARecyclingWhenItIsDestroyed) {
  recycle_every(1);
  end(begin());
  const PeerId waiter = enroll();
  upkeep.reset();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_THAT(done, ElementsAre("recycle bad: the recycle hook was ended with the proxy"));
  EXPECT_TRUE(holds(waiter));
}

TEST_F(UpkeepTest, StopsAProbeWhenItIsDestroyed) {
  recycle_every(1);
  end(begin());
  hooks.end_first();
  upkeep.reset();
  uv::run_briefly(loop);
  EXPECT_TRUE(holds(enroll()));
  EXPECT_THAT(notes, SizeIs(1));
}

}  // namespace
}  // namespace throttle::proxy
