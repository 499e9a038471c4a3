// The maintenance with a real ledger, a real upstream on the loopback, and hooks that the tests
// answer.
#include "libthrottle/proxy/maintenance.h"

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

class MaintenanceTest : public testing::Test, public Maintenance::Receiver {
 protected:
  MaintenanceTest() {
    settings.name = "office";
    const std::vector<SemaphoreSettings> semaphores{{.name = "office", .full_count = 1}};
    ledger.configure({}, semaphores);
    maintenance.emplace(Maintenance::Context{loop, hub, upstream, &hooks}, settings, *this);
  }
  ~MaintenanceTest() override {
    if (maintenance) maintenance->stop();
    maintenance.reset();
  }
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
    maintenance->begin({.peer = peer});
    return peer;
  }
  void end(PeerId peer) {
    ledger.remove_peer({}, peer);
    hub.settle();
  }
  bool holds(PeerId peer) const { return ledger.is_acquired(peer) == true; }
  void apply() { maintenance->on_settings_changed(); }
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
    run_until([&] { return !maintenance->recycling(); });
  }

  uv::Loop loop;
  uv::ListeningEnd listener{loop};
  LeaseLedger ledger;
  LedgerHub hub{ledger};
  Upstream upstream{loop, {"127.0.0.1", listener.listener->local_address().port}};
  Settings settings;
  ManualHooks hooks;
  std::optional<Maintenance> maintenance;

  std::map<PeerId, std::string> verdicts;
  std::vector<PeerId> order;
  std::vector<std::uint64_t> numbers;  // in the same order
  std::vector<std::string> lines;
  std::vector<std::string> notes;
  std::vector<std::string> done;
  int overdue = 0;
  std::optional<PeerId> overdue_one;  // ends when a recycling is overdue
};

TEST_F(MaintenanceTest, LetsAConnectionGoOnAtOnceWhereThereIsNoHook) {
  const PeerId peer = begin();
  EXPECT_EQ(verdicts.at(peer), "");
  EXPECT_THAT(hooks.calls, IsEmpty());
  EXPECT_THAT(done, IsEmpty());
}

class MaintenanceWithHook : public MaintenanceTest {
 protected:
  MaintenanceWithHook() { hooks.kinds = {HookKind::kBeforeActivate}; }
};

TEST_F(MaintenanceWithHook, WaitsForTheHook) {
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

TEST_F(MaintenanceWithHook, TurnsTheClientAwayWhenTheHookFails) {
  const PeerId peer = begin();
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 3"));
  EXPECT_EQ(verdicts.at(peer), "status 3");
  EXPECT_THAT(done, ElementsAre("before-activate bad: status 3"));
}

TEST_F(MaintenanceWithHook, TurnsTheClientAwayInALaterTurnWhenTheHookCannotStart) {
  hooks.cannot_start = true;
  const PeerId peer = begin();
  EXPECT_THAT(verdicts, IsEmpty());
  run_until([&] { return !verdicts.empty(); });
  EXPECT_EQ(verdicts.at(peer), "no shell");
}

TEST_F(MaintenanceWithHook, TakesAnAnswerAtOnceForTheNextTurn) {
  hooks.at_once = Result<void>();
  const PeerId peer = begin();
  EXPECT_THAT(verdicts, IsEmpty());
  run_until([&] { return !verdicts.empty(); });
  EXPECT_EQ(verdicts.at(peer), "");
}

TEST_F(MaintenanceWithHook, EndsAHookThatHangs) {
  settings.hooks.timeout = 10ms;
  apply();
  const PeerId peer = begin();
  run_until([&] { return !verdicts.empty(); });
  EXPECT_EQ(verdicts.at(peer), "the before-activate hook took longer than 10ms and was ended");
  EXPECT_THAT(hooks.running, IsEmpty());
}

TEST_F(MaintenanceWithHook, LetsTheHookOfAClientThatLeftGoOnToItsEnd) {
  const PeerId peer = begin();
  EXPECT_TRUE(maintenance->leave(peer));
  EXPECT_THAT(hooks.running, SizeIs(1));
  EXPECT_THAT(verdicts, IsEmpty());
  hooks.end_first();
  EXPECT_EQ(verdicts.at(peer), "");
  EXPECT_THAT(done, ElementsAre("before-activate good"));
}

TEST_F(MaintenanceWithHook, EndsTheHookOfAConnectionThatIsCutOffAndTells) {
  const PeerId peer = begin();
  maintenance->cancel(peer);
  EXPECT_THAT(hooks.running, IsEmpty());
  uv::run_briefly(loop);
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(done, ElementsAre("before-activate bad: "
                                "the before-activate hook was ended with its connection"));
}

TEST_F(MaintenanceWithHook, EndsWhatRunsWhenItStopsAndReportsIt) {
  hooks.kinds.insert(HookKind::kOnTimeout);
  begin();
  maintenance->on_time_to_live({});
  maintenance->stop();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(done,
              ElementsAre("before-activate bad: the before-activate hook was ended with the proxy",
                          "on-timeout bad: the on-timeout hook was ended with the proxy"));
  maintenance.reset();
  EXPECT_THAT(done, SizeIs(2)) << "a destructor reports nothing";
}

TEST_F(MaintenanceWithHook, NumbersTheActivationsAndTellsOfATimeToLiveOnce) {
  end(begin());
  maintenance->on_time_to_live({});
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

TEST_F(MaintenanceWithHook, DoesNotWaitForTheHookOfATimeToLive) {
  hooks.kinds.insert(HookKind::kOnTimeout);
  maintenance->on_time_to_live({.peer = 7});
  maintenance->on_time_to_live({.peer = 8});
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

TEST_F(MaintenanceTest, RecyclesAfterTheNthConnectionAndNotBeforeTheNextOne) {
  recycle_every(2);
  end(begin());
  const PeerId second = begin();
  const PeerId third = enroll();
  EXPECT_TRUE(maintenance->recycling());
  EXPECT_THAT(hooks.calls, IsEmpty()) << "the second one still runs";
  end(second);
  ASSERT_THAT(hooks.running, SizeIs(1));
  EXPECT_FALSE(holds(third));
  hooks.end_first();
  EXPECT_TRUE(maintenance->recycling()) << "until the upstream has answered";
  run_until_recycled();
  EXPECT_TRUE(holds(third));
  run_until([&] { return listener.streams.size() == 1; });  // the probe
  EXPECT_THAT(done, ElementsAre("recycle good"));
  EXPECT_THAT(notes, ElementsAre("recycling of the upstream begins after 2 activations",
                                 StartsWith("the upstream is recycled and answers after ")));
}

TEST_F(MaintenanceTest, OnlyProbesWhereThereIsNoRecycleHook) {
  recycle_every(1);
  hooks.kinds.clear();
  end(begin());
  run_until_recycled();
  run_until([&] { return listener.streams.size() == 1; });
}

TEST_F(MaintenanceTest, GoesOnAndCountsAnewAfterAFailedRecycling) {
  recycle_every(1);
  end(begin());
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 3"));
  EXPECT_FALSE(maintenance->recycling());
  EXPECT_THAT(notes, Contains("the upstream is not recycled: status 3"));
  const PeerId next = begin();
  EXPECT_EQ(verdicts.at(next), "");
  EXPECT_TRUE(maintenance->recycling());
  end(next);
  EXPECT_THAT(hooks.calls, SizeIs(2)) << "the second attempt";
}

TEST_F(MaintenanceTest, GoesOnAfterARecyclingThatHangs) {
  settings.hooks.timeout = 10ms;
  recycle_every(1);
  end(begin());
  run_until_recycled();
  EXPECT_THAT(notes, Contains("the upstream is not recycled: "
                              "the recycle hook took longer than 10ms and was ended"));
  EXPECT_TRUE(holds(enroll()));
}

// As docker-proxy, ssh -L or socat do while the service behind them is not there.
TEST_F(MaintenanceTest, WaitsWhileTheUpstreamAcceptsAndClosesAtOnce) {
  settings.hooks.ready_stay = 1h;
  recycle_every(1);
  end(begin());
  hooks.end_first();
  for (int trial = 0; trial < 2; ++trial) {
    run_until([&] { return !listener.streams.empty(); });
    listener.streams.clear();
  }
  run_until([&] { return !listener.streams.empty(); });
  EXPECT_TRUE(maintenance->recycling());
  uv::End service(loop, std::move(listener.streams.front()));
  service.stream.write("220 ready");
  run_until_recycled();
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(MaintenanceTest, SaysThatTheUpstreamOnlyAccepts) {
  settings.hooks.ready_stay = 1h;
  settings.hooks.ready_timeout = 30ms;
  recycle_every(1);
  end(begin());
  hooks.end_first();
  run_until([&] { return !listener.streams.empty(); });
  uv::run_briefly(loop, 40ms);
  listener.streams.clear();
  run_until_recycled();
  EXPECT_THAT(notes, Contains(HasSubstr("accepts connections and closes them at once")));
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(MaintenanceTest, RunsTheReadyCommandUntilItSucceeds) {
  hooks.kinds.insert(HookKind::kReady);
  recycle_every(1);
  end(begin());
  hooks.end_first();
  ASSERT_THAT(hooks.running, SizeIs(1));
  EXPECT_EQ(hooks.calls.back().kind, HookKind::kReady);
  EXPECT_EQ(hooks.calls.back().activation.number, 1U);
  hooks.running.front()->listener.on_line("no response");
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 2"));
  EXPECT_TRUE(maintenance->recycling());
  run_until([&] { return !hooks.running.empty(); });
  hooks.end_first();
  EXPECT_FALSE(maintenance->recycling());
  EXPECT_TRUE(holds(enroll()));
  EXPECT_THAT(lines, ElementsAre("ready: no response"));
  EXPECT_THAT(done, ElementsAre("recycle good", "ready good"));
  EXPECT_THAT(listener.streams, IsEmpty()) << "nobody else tries the service";
}

TEST_F(MaintenanceTest, GoesOnWhenTheReadyCommandFailsForTooLong) {
  hooks.kinds.insert(HookKind::kReady);
  settings.hooks.ready_timeout = 50ms;
  recycle_every(1);
  end(begin());
  hooks.end_first();
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 2"));
  EXPECT_FALSE(maintenance->recycling()) << "the pause would be longer than the time that is left";
  EXPECT_THAT(done, Contains("ready bad: status 2 (1 run in 50ms, ready_timeout)"));
  EXPECT_THAT(notes, Contains(HasSubstr("does not answer after its recycling: status 2")));
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(MaintenanceTest, EndsAReadyCommandThatHangs) {
  hooks.kinds.insert(HookKind::kReady);
  settings.hooks.ready_timeout = 10ms;
  recycle_every(1);
  end(begin());
  hooks.end_first();
  run_until_recycled();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_THAT(done, Contains(HasSubstr("the ready hook took longer than 10ms and was ended")));
}

TEST_F(MaintenanceTest, TriesAConnectionWhenTheReadyCommandIsRemovedBetweenTwoRuns) {
  hooks.kinds.insert(HookKind::kReady);
  recycle_every(1);
  end(begin());
  hooks.end_first();
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 2"));
  hooks.kinds.erase(HookKind::kReady);
  apply();
  run_until_recycled();
  EXPECT_THAT(listener.streams, SizeIs(1));
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(MaintenanceTest, TriesAFailedUpstreamByTheReadyCommandWithinItsOwnTimeAndInSilence) {
  hooks.kinds.insert(HookKind::kReady);
  settings.connect_timeout = 0ms;
  upstream.note_failure("it is away");
  maintenance->try_upstream();
  ASSERT_THAT(hooks.running, SizeIs(1));
  hooks.running.front()->listener.on_line("no response");
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 2"));
  run_until([&] { return !hooks.running.empty(); });
  hooks.end_first();
  EXPECT_EQ(upstream.failure(), "");
  EXPECT_THAT(lines, IsEmpty());
  EXPECT_THAT(done, IsEmpty());
}

TEST_F(MaintenanceTest, TriesAFailedUpstreamOnlyWhileNobodyMayUseIt) {
  hooks.kinds.insert(HookKind::kReady);
  upstream.note_failure("it is away");
  const PeerId other = enroll();
  maintenance->try_upstream();
  EXPECT_THAT(hooks.running, IsEmpty());
  end(other);
  ledger.pause("office");
  maintenance->try_upstream();
  EXPECT_THAT(hooks.running, IsEmpty());
  ledger.resume({}, "office");
  maintenance->try_upstream();
  EXPECT_THAT(hooks.running, SizeIs(1));
  EXPECT_TRUE(holds(enroll()));
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_EQ(upstream.failure(), "it is away");
}

TEST_F(MaintenanceTest, StopsAReadyCommand) {
  hooks.kinds.insert(HookKind::kReady);
  recycle_every(1);
  end(begin());
  hooks.end_first();
  maintenance->stop();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(MaintenanceTest, GoesOnWhenTheUpstreamDoesNotAnswerAgain) {
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

TEST_F(MaintenanceTest, LetsThoseGrantedInTheSameTurnGoAfterTheRecycling) {
  const std::vector<SemaphoreSettings> three{{.name = "office", .full_count = 3}};
  ledger.configure({}, three);
  recycle_every(3);
  const PeerId a = begin();
  const PeerId b = enroll();
  const PeerId c = enroll();
  maintenance->on_time_to_live({});
  settings.hooks.recycle_after_timeout = true;
  apply();
  maintenance->on_time_to_live({});
  maintenance->begin({.peer = b});
  maintenance->begin({.peer = c});
  EXPECT_THAT(order, ElementsAre(a));
  end(a);
  hooks.end_first();
  run_until_recycled();
  EXPECT_THAT(order, ElementsAre(a, b, c));
}

TEST_F(MaintenanceTest, ForgetsAClientThatLeavesBeforeItsHookRuns) {
  recycle_every(1);
  const PeerId runs = begin();
  const PeerId held = enroll();
  maintenance->begin({.peer = held});
  EXPECT_TRUE(maintenance->holds(held));
  EXPECT_FALSE(maintenance->leave(held));
  EXPECT_FALSE(maintenance->holds(held));
  end(held);
  end(runs);
  hooks.end_first();
  run_until_recycled();
  EXPECT_THAT(order, ElementsAre(runs));
}

TEST_F(MaintenanceTest, EndsThoseThatHoldARecyclingUpForTooLong) {
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

TEST_F(MaintenanceTest, RecyclesUnderALeaseThatItCannotEnd) {
  settings.hooks.recycle_drain_timeout = 10ms;
  recycle_every(1);
  const PeerId stays = begin();
  run_until([&] { return !hooks.running.empty(); });
  EXPECT_TRUE(holds(stays));
  hooks.end_first();
  run_until_recycled();
  EXPECT_FALSE(holds(enroll()));
}

TEST_F(MaintenanceTest, LimitsARecyclingThatWaitsAlready) {
  recycle_every(1);
  begin();
  uv::run_briefly(loop, 20ms);
  EXPECT_EQ(overdue, 0);
  settings.hooks.recycle_drain_timeout = 10ms;
  apply();
  run_until([&] { return !hooks.running.empty(); });
  EXPECT_EQ(overdue, 1);
}

TEST_F(MaintenanceTest, EndsNobodyForARecyclingThatWaitsNoLonger) {
  settings.hooks.recycle_drain_timeout = 20ms;
  recycle_every(1);
  end(begin());
  ASSERT_THAT(hooks.running, SizeIs(1));
  uv::run_briefly(loop, 40ms);
  EXPECT_EQ(overdue, 0);
}

TEST_F(MaintenanceTest, RecyclesAfterATimeToLive) {
  settings.hooks.recycle_after_timeout = true;
  recycle_every(0);
  end(begin());
  maintenance->on_time_to_live({});
  ASSERT_THAT(hooks.calls, SizeIs(1));
  EXPECT_TRUE(hooks.calls[0].timed_out);
  const PeerId waiter = enroll();
  EXPECT_FALSE(holds(waiter));
  hooks.end_first();
  run_until_recycled();
  EXPECT_TRUE(holds(waiter));
}

TEST_F(MaintenanceTest, ResumesTheSemaphoreThatItPausedThoughTheSettingsChanged) {
  recycle_every(1);
  end(begin());
  settings.semaphore = "another";
  recycle_every(0);
  hooks.end_first();
  run_until_recycled();
  EXPECT_TRUE(holds(enroll()));
  EXPECT_FALSE(maintenance->recycling());
}

TEST_F(MaintenanceTest, ResumesTheSemaphoreWhenItIsDestroyed) {
  recycle_every(1);
  const PeerId runs = begin();
  maintenance.reset();
  end(runs);
  EXPECT_TRUE(holds(enroll()));
}

TEST_F(MaintenanceTest, StopsARecycling) {
  recycle_every(1);
  end(begin());
  const PeerId waiter = enroll();
  maintenance->stop();
  hub.settle();
  EXPECT_THAT(hooks.running, IsEmpty());
  EXPECT_THAT(done, ElementsAre("recycle bad: the recycle hook was ended with the proxy"));
  EXPECT_TRUE(holds(waiter));
}

TEST_F(MaintenanceTest, BeginsNoRestartAfterItsStop) {
  recycle_every(1);
  const PeerId runs = begin();
  maintenance->stop();
  end(runs);
  EXPECT_FALSE(maintenance->recycling());
  EXPECT_THAT(hooks.calls, IsEmpty());
}

TEST_F(MaintenanceTest, StopsAProbe) {
  recycle_every(1);
  end(begin());
  hooks.end_first();
  maintenance->stop();
  uv::run_briefly(loop);
  EXPECT_TRUE(holds(enroll()));
  EXPECT_THAT(notes, SizeIs(1));
}

}  // namespace
}  // namespace throttle::proxy
