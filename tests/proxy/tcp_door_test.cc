// A connection's way through the door: hook, upstream, relay, and every end of it.
#include "libthrottle/proxy/tcp_door.h"

#include <chrono>
#include <utility>

#include <gmock/gmock.h>

#include "tests/proxy/door_fixture.h"
#include "tests/proxy/manual_hooks.h"
#include "tests/uv/deserted_port.h"

namespace throttle::proxy {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(TcpDoorTest, CarriesAConversationAndPassesThePlaceOn) {
  open();
  uv::End& first = arrive("question");
  uv::End& second = arrive("another");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "question"; });
  upstream.stream.write("answer");
  run_until([&] { return first.bytes == "answer"; });
  EXPECT_EQ(door->active_count(), 1U);
  EXPECT_EQ(door->waiting_count(), 1U);
  EXPECT_TRUE(acceptor.streams.empty()) << "one at a time";

  first.stream.shutdown();
  run_until([&] { return upstream.eof; });
  upstream.stream.shutdown();
  run_until_ended(1);
  EXPECT_EQ(ending(), "--");
  EXPECT_EQ(records.front().bytes_up, 8U);
  EXPECT_EQ(records.front().bytes_down, 6U);
  uv::End& next = serve();
  run_until([&] { return next.bytes == "another"; });
  EXPECT_FALSE(second.eof);
}

TEST_F(TcpDoorTest, PassesAResetOnAndFreesThePlace) {
  open();
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  upstream.stream.close_with_reset();
  run_until([&] { return client.reset; });
  EXPECT_EQ(ending(), "SD");
  EXPECT_EQ(state().acquired, 0);
}

TEST_F(TcpDoorTest, EndsAConnectionWhoseTimeIsOverThoughBytesFlow) {
  open({.time_to_live = 1s});
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  client.stream.write("y");
  run_until_ended(1);
  EXPECT_EQ(ending(), "TD");
  run_until([&] { return client.eof || client.reset; });
  run_until([&] { return upstream.eof || upstream.reset; });
  EXPECT_EQ(ledger().peer_count(), 0U);
}

TEST_F(TcpDoorTest, EndsAConnectionWhoseTimeIsOverWhenItBegins) {
  open({.time_to_live = 0ms});
  uv::End& client = arrive("x");
  run_until_ended(1);
  EXPECT_EQ(ending(), "TD");
  run_until([&] { return client.eof || client.reset; });
  EXPECT_EQ(ledger().peer_count(), 0U);
}

TEST_F(TcpDoorTest, EndsAnIdleConnection) {
  open({.idle_timeout = 20ms});
  uv::End& client = arrive("x");
  serve();
  run_until_ended(1);
  EXPECT_EQ(ending(), "cD");
  run_until([&] { return client.eof; });
}

TEST_F(TcpDoorTest, EndsAnIdleConnectionOnlyWhileOthersWaitForItsPlace) {
  open({.max_connections = 2, .idle_timeout_when_queued = 20ms});
  const auto wait = [&](Duration length) {
    for (const TimePoint end = uv::now() + length; uv::now() < end;)
      uv::run_briefly(loop, 1ms);
  };
  uv::End& longest_idle = arrive("x");
  uv::End& its_upstream = serve();
  run_until([&] { return its_upstream.bytes == "x"; });
  wait(5ms);
  arrive("y");
  uv::End& other_upstream = serve();
  run_until([&] { return other_upstream.bytes == "y"; });
  wait(60ms);
  EXPECT_TRUE(records.empty());
  arrive("z");
  run_until_ended(1);
  EXPECT_EQ(ending(), "cD");
  run_until([&] { return longest_idle.eof; });
  serve();
  wait(60ms);
  EXPECT_EQ(records.size(), 1U) << "nobody waits any more";
}

TEST_F(TcpDoorTest, EndsNoIdleConnectionWhosePlaceWouldGoToNobody) {
  open({.max_connections = 2, .idle_timeout_when_queued = 20ms});
  for (int i = 0; i < 2; ++i) {
    arrive("x");
    serve();
  }
  configure(1);
  arrive("y");
  uv::run_briefly(loop, 60ms);
  EXPECT_EQ(door->waiting_count(), 1U);
  EXPECT_TRUE(records.empty()) << "there are more leases than places";
  configure(2);
  ledger().pause("service");
  uv::run_briefly(loop, 60ms);
  EXPECT_TRUE(records.empty()) << "paused";
  ledger().resume(uv::now(), "service");
  run_until_ended(1);
  EXPECT_EQ(ending(), "cD");
}

TEST_F(TcpDoorTest, EndsNoIdleConnectionThatHasAnExtraPlace) {
  open({.extra_per_client = 1, .idle_timeout_when_queued = 50ms});
  uv::End& first = arrive();
  uv::End& its_upstream = serve();
  const PeerId peer = door->connections().at(0).peer;
  arrive("x");
  serve();
  arrive("y");
  watch_until([&] { return door->waiting_count() == 1; });
  first.stream.write("z");
  run_until([&] { return its_upstream.bytes == "z"; });
  run_until_ended(1);
  EXPECT_EQ(ending(), "cD");
  EXPECT_EQ(records.front().peer, peer);
}

TEST_F(TcpDoorTest, KnowsAConnectionWithoutAByteFromOneWith) {
  open({.send_proxy = SendProxy::kV1});
  uv::End& quiet = arrive();
  uv::End& first = serve();
  quiet.stream.shutdown();
  run_until([&] { return first.eof; });
  first.stream.shutdown();
  run_until_ended(1);
  EXPECT_EQ(ending(), "--");
  EXPECT_TRUE(records.back().silent);
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes.ends_with("x"); });
  client.stream.close_with_reset();
  run_until_ended(2);
  EXPECT_FALSE(records.back().silent);
}

TEST_F(TcpDoorTest, EndsAConnectionWhoseClientDoesNotNoticeThatTheUpstreamHasClosed) {
  open({.close_timeout = 20ms});
  arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  upstream.stream.close();
  run_until_ended(1);
  EXPECT_EQ(ending(), "cD");
  EXPECT_EQ(state().acquired, 0);
}

TEST_F(TcpDoorTest, WaitsForTheAnswerToAClientThatHasClosedItsSide) {
  open({.close_timeout = 20ms});
  uv::End& client = arrive("question");
  client.stream.shutdown();
  uv::End& upstream = serve();
  run_until([&] { return upstream.eof; });
  uv::run_briefly(loop, 60ms);
  EXPECT_TRUE(records.empty());
  upstream.stream.write("answer");
  upstream.stream.shutdown();
  run_until([&] { return client.eof; });
  EXPECT_EQ(client.bytes, "answer");
}

TEST_F(TcpDoorTest, TurnsTheClientAwayIfTheUpstreamIsDown) {
  open({.connect_timeout = 30ms, .rejection = gate::Rejection::kHttp});
  const SocketAddress down = acceptor.listener->local_address();
  acceptor.listener = fail(ErrorCode::kUnavailable, "closed");
  const uv::DesertedPort port(loop, down);
  uv::End& client = arrive("GET / HTTP/1.1\r\n\r\n");
  run_until_ended(1);
  EXPECT_EQ(ending(), "SC");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(state().acquired, 0);
}

// As docker-proxy, ssh -L or socat do while the service behind them is not there.
TEST_F(TcpDoorTest, TriesAnUpstreamAgainThatHangsUpAtOnce) {
  open({.connect_timeout = 1h, .time_to_live = 1h, .send_proxy = SendProxy::kV1});
  uv::End& client = arrive();
  for (int trial = 0; trial < 2; ++trial)
    serve().stream.close();
  uv::End& upstream = serve();
  run_until([&] { return !upstream.bytes.empty(); });
  client.stream.write("question");
  run_until([&] { return upstream.bytes.ends_with("\r\nquestion"); });
  EXPECT_THAT(upstream.bytes, StartsWith("PROXY TCP4 "));
  upstream.stream.write("answer");
  run_until([&] { return client.bytes == "answer"; });
  EXPECT_TRUE(records.empty());
  EXPECT_EQ(state().acquired, 1);
}

TEST_F(TcpDoorTest, NoticesThatAClientLeavesOnWhichTheUpstreamHungUp) {
  open({.connect_timeout = 1h});
  uv::End& client = arrive();
  serve().stream.close();
  watch_until([&] { return door->connections().at(0).state == ConnectionState::kConnecting; });
  client.stream.close();
  run_until_ended(1);
  EXPECT_EQ(ending(), "CC");
  EXPECT_EQ(state().acquired, 0);
}

TEST_F(TcpDoorTest, TurnsTheClientAwayOnWhichTheUpstreamHungUpBeforeItWentDown) {
  open({.connect_timeout = 200ms, .rejection = gate::Rejection::kHttp});
  uv::End& client = arrive();
  const SocketAddress down = acceptor.listener->local_address();
  uv::End& upstream = serve();
  acceptor.listener = fail(ErrorCode::kUnavailable, "closed");
  const uv::DesertedPort port(loop, down);
  upstream.stream.close();
  run_until_ended(1);
  EXPECT_THAT(ending(), ::testing::AnyOf("SC", "--")) << "the second one: it came too late";
  run_until([&] { return client.eof; });
}

TEST_F(TcpDoorTest, PassesAHangUpOnWhenTheConnectTimeoutIsOver) {
  open({.connect_timeout = 10ms});
  uv::End& client = arrive();
  serve().stream.close();
  run_until([&] { return client.eof; });
  EXPECT_TRUE(acceptor.streams.empty());
}

TEST_F(TcpDoorTest, PassesAHangUpOnThatDoesNotComeAtOnce) {
  open({.connect_timeout = 1h});
  uv::End& client = arrive();
  uv::End& upstream = serve();
  watch_until([&] {
    const ConnectionView session = door->connections().at(0);
    return session.state == ConnectionState::kActive && session.in_state > 1010ms;
  });
  upstream.stream.close();
  run_until([&] { return client.eof; });
  EXPECT_TRUE(acceptor.streams.empty());
}

TEST_F(TcpDoorTest, SaysThatTheUpstreamIsDownUntilItSpeaksToAnotherClient) {
  open({.max_connections = 2, .connect_timeout = 30ms});
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  const SocketAddress down = acceptor.listener->local_address();
  acceptor.listener = fail(ErrorCode::kUnavailable, "closed");
  const uv::DesertedPort port(loop, down);
  arrive("y");
  run_until_ended(1);
  EXPECT_THAT(door->trouble(), HasSubstr("cannot connect to "));
  watch_until([&] {
    upstream.stream.write("z");
    return door->trouble().empty();
  });
  EXPECT_FALSE(client.eof);
}

TEST_F(TcpDoorTest, SaysThatTheUpstreamIsDownUntilItServesAgain) {
  open({.connect_timeout = 30ms, .hooks = {.ready_stay = 0ms}});
  EXPECT_EQ(door->trouble(), "");
  const SocketAddress place = acceptor.listener->local_address();
  acceptor.listener = fail(ErrorCode::kUnavailable, "closed");
  std::optional<uv::DesertedPort> port(std::in_place, loop, place);
  arrive("x");
  run_until_ended(1);
  EXPECT_THAT(door->trouble(), HasSubstr("cannot connect to "));
  port.reset();
  acceptor.listener = uv::TcpListener::listen(loop, place, acceptor);
  watch_until([&] { return door->trouble().empty(); });
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(TcpDoorTest, TurnsTheClientAwayIfTheHookFailsAndLetsItThroughIfNot) {
  open({.hooks = {.before_activate = "echo hello && exit 3"}});
  arrive();
  run_until_ended(1);
  EXPECT_EQ(ending(), "HA");
  EXPECT_TRUE(acceptor.streams.empty());
  Settings settings = door->settings();
  settings.hooks.before_activate = "echo hello";
  ASSERT_TRUE(door->reload(settings));
  arrive("x");
  serve();
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("hello")));
}

class TcpDoorWithHook : public TcpDoorTest {
 protected:
  ~TcpDoorWithHook() override { end_door(); }

  // A client that has left while its hook ran, which runs still.
  void leave_while_the_hook_runs(Settings settings = {}) {
    hooks.kinds = {HookKind::kBeforeActivate};
    open(std::move(settings), &hooks);
    uv::End& client = arrive();
    watch_until([&] { return !hooks.running.empty(); });
    client.stream.close();
    run_until_ended(1);
    EXPECT_EQ(ending(), "CA");
    EXPECT_EQ(hooks.running.size(), 1U);
  }

  ManualHooks hooks;
};

TEST_F(TcpDoorWithHook, HoldsThePlaceOfAClientThatLeftUntilTheHookHasEnded) {
  leave_while_the_hook_runs();
  EXPECT_EQ(state().acquired, 1);
  EXPECT_EQ(door->connections().at(0).state, ConnectionState::kLeft);
  arrive("the same client comes again");
  watch_until([&] { return door->waiting_count() == 1; });
  hooks.end_first();
  end_turn();
  EXPECT_EQ(hooks.running.size(), 1U) << "of the next one";
  hooks.end_first();
  serve();
  EXPECT_EQ(records.size(), 1U);
  EXPECT_TRUE(acceptor.streams.empty()) << "no connection is made for one that left";
}

TEST_F(TcpDoorWithHook, CountsAClientThatLeftUntilItsHookHasEnded) {
  leave_while_the_hook_runs({.client_limits = {.max_per_client = 1}});
  arrive("the same client comes again");
  run_until_ended(2);
  EXPECT_EQ(records.back().refusal, gate::Refusal::kPerClient);
  hooks.end_first();
  arrive("and again");
  watch_until([&] { return !hooks.running.empty(); });
  EXPECT_EQ(records.size(), 2U);
}

TEST_F(TcpDoorWithHook, WaitsForTheHookOfAClientThatLeftWhenItStops) {
  leave_while_the_hook_runs();
  bool drained = false;
  door->drain([&] { drained = true; });
  EXPECT_FALSE(drained);
  hooks.end_first();
  EXPECT_TRUE(drained);
}

TEST_F(TcpDoorWithHook, CutsTheHookOfAClientThatLeftOffWithTheOthers) {
  leave_while_the_hook_runs();
  door->close_now();
  EXPECT_TRUE(hooks.running.empty());
  EXPECT_EQ(state().acquired, 0);
  EXPECT_EQ(records.size(), 1U) << "its end was reported when it left";
}

// Its peer is removed within Place::limit_hold(): its life ended while the loop was busy.
TEST_F(TcpDoorWithHook, SurvivesThatAPeerComesDueWhenItsTimeToLiveBegins) {
  hooks.kinds = {HookKind::kBeforeActivate};
  open({.time_to_live = 1h}, &hooks);
  uv::End& client = arrive("x");
  watch_until([&] { return !hooks.running.empty(); });
  ledger().limit_hold(uv::now(), door->connections().front().peer, 5ms);
  hooks.end_first();
  auto stall = [&] {
    for (const TimePoint end = uv::now() + 100ms; uv::now() < end;) {
    }
  };
  uv::Timer busy(loop, stall);
  busy.arm(TimePoint{});  // at once
  client.stream.close();
  run_until_ended(1);
  EXPECT_EQ(door->active_count(), 0U);
  EXPECT_EQ(ledger().peer_count(), 0U);
}

TEST_F(TcpDoorWithHook, CutsTheHookOffWhosePeerSomebodyDeleted) {
  leave_while_the_hook_runs();
  ledger().remove_peer(uv::now(), door->connections().front().peer);
  end_turn();
  EXPECT_TRUE(hooks.running.empty());
  EXPECT_EQ(door->active_count(), 0U);
}

TEST_F(TcpDoorTest, CutsOffWhatHoldsARecyclingUpForTooLong) {
  open({.hooks = {.recycle = "echo restarted", .recycle_every = 1}});
  uv::End& stays = arrive("x");
  serve();
  Settings settings = door->settings();
  settings.hooks.recycle_drain_timeout = 10ms;
  ASSERT_TRUE(door->reload(settings));
  uv::End& waiting = arrive("y");
  run_until_ended(1);
  EXPECT_EQ(ending(), "UD");
  run_until([&] { return stays.reset; });
  EXPECT_FALSE(waiting.reset || waiting.eof);
  run_until([&] { return !acceptor.streams.empty(); });  // the probe
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("restarted")));
}

TEST_F(TcpDoorWithHook, SparesWhoWaitsForARecyclingThatIsOverdue) {
  hooks.kinds = {HookKind::kRecycle};
  open({.max_connections = 0, .hooks = {.recycle_every = 2, .recycle_drain_timeout = 10ms}},
       &hooks);
  arrive("first");
  arrive("second");
  uv::End& third = arrive("third");
  watch_until([&] { return door->waiting_count() == 3; });
  configure(3);  // all are granted at once, and the second one is reason to recycle
  run_until([&] { return !hooks.running.empty(); });
  EXPECT_EQ(records.size(), 2U);
  for (const ConnectionRecord& cut_off : records)
    EXPECT_EQ(cut_off.ended_by, EndedBy::kRecycling);
  hooks.end_first();
  run_until([&] { return door->connections().at(0).state == ConnectionState::kActive; });
  EXPECT_FALSE(third.reset || third.eof);
}

TEST_F(TcpDoorWithHook, IsIdleWhenItsCommandsHaveEnded) {
  hooks.kinds = {HookKind::kOnTimeout, HookKind::kRecycle};
  open({.time_to_live = 1ms, .hooks = {.recycle_after_timeout = true}}, &hooks);
  EXPECT_TRUE(door->is_idle());
  arrive("x");
  run_until_ended(1);
  EXPECT_EQ(door->active_count(), 0U);
  run_until([&] { return hooks.running.size() == 2; });
  EXPECT_FALSE(door->is_idle());
  hooks.end_first();
  EXPECT_FALSE(door->is_idle());
  hooks.end_first();
  watch_until([&] { return door->is_idle(); });  // once the upstream has answered
}

TEST_F(TcpDoorWithHook, SaysThatARecyclingFailedUntilAConnectionSucceeds) {
  hooks.kinds = {HookKind::kRecycle};
  open({.hooks = {.recycle_every = 1}}, &hooks);
  uv::End& client = arrive("x");
  serve();
  client.stream.close_with_reset();
  run_until([&] { return !hooks.running.empty(); });
  hooks.end_first(fail(ErrorCode::kUnavailable, "status 3"));
  arrive("y");
  EXPECT_EQ(door->trouble(), "the upstream is not recycled: status 3");
  serve().stream.write("answer");
  watch_until([&] { return door->trouble().empty(); });
}

TEST_F(TcpDoorTest, CutsOffAConnectionWhosePeerSomebodyDeleted) {
  open();
  uv::End& client = arrive("x");
  serve();
  ledger().remove_peer(uv::now(), door->connections().front().peer);
  end_turn();
  EXPECT_EQ(ending(), "KD");
  run_until([&] { return client.eof || client.reset; });
}

TEST_F(TcpDoorTest, TellsTheUpstreamWhoTheClientIs) {
  open({.send_proxy = SendProxy::kV1});
  uv::End& client = arrive("words");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes.find("words") != std::string::npos; });
  const auto own = client.stream.local_address();
  ASSERT_TRUE(own);
  EXPECT_THAT(upstream.bytes,
              StartsWith("PROXY TCP4 127.0.0.1 127.0.0.1 " + std::to_string(own->port) + " "));
  EXPECT_THAT(upstream.bytes, HasSubstr("\r\nwords"));
}

TEST_F(TcpDoorTest, ShowsConnectionsWithTheirPlacesInTheQueue) {
  open();
  arrive("x");
  serve();
  arrive();
  arrive();
  watch_until([&] { return door->waiting_count() == 2; });
  const std::vector<ConnectionView> views = door->connections();
  ASSERT_EQ(views.size(), 3U);
  EXPECT_EQ(views[0].state, ConnectionState::kActive);
  EXPECT_EQ(views[1].state, ConnectionState::kWaiting);
  EXPECT_EQ(views[1].place, 1U);
  EXPECT_EQ(views[2].place, 2U);
}

TEST_F(TcpDoorTest, ShowsItsConnectionsInSlicesWhileTheyComeAndGo) {
  open({.max_connections = 3});
  for (int i = 0; i < 5; ++i)
    arrive();
  watch_until([&] { return door->active_count() == 3 && door->waiting_count() == 2; });
  const std::vector<ConnectionView> all = door->connections();
  std::vector<PeerId> shown;
  ConnectionCursor cursor;
  const auto note = [&](const ConnectionView& view) { shown.push_back(view.peer); };
  door->visit_connections(cursor, 1, note);
  ledger().remove_peer(uv::now(), all[0].peer);
  watch_until([&] { return door->waiting_count() == 1; });
  while (!cursor.ended())
    door->visit_connections(cursor, 1, note);
  EXPECT_THAT(
      shown, testing::ElementsAre(all[0].peer, all[1].peer, all[2].peer, all[3].peer, all[4].peer));
}

// --- reload and stop ---

TEST_F(TcpDoorTest, ServesTheOldConnectionsAndTheNewUpstreamAfterAReload) {
  open({.max_connections = 2});
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  uv::ListeningEnd other(loop);
  Settings settings = door->settings();
  settings.upstream.port = other.listener->local_address().port;
  ASSERT_TRUE(door->reload(settings));
  arrive("y");
  run_until([&] { return !other.streams.empty(); });
  upstream.stream.write("still there");
  run_until([&] { return client.bytes == "still there"; });
}

TEST_F(TcpDoorTest, DrainsWithoutTheWaitingAndTellsWhenTheActiveHaveEnded) {
  open();
  uv::End& active = arrive("x");
  serve();
  uv::End& waiting = arrive();
  watch_until([&] { return door->waiting_count() == 1; });
  bool drained = false;
  door->drain([&] { drained = true; });
  run_until([&] { return waiting.eof; });
  EXPECT_FALSE(drained);
  active.stream.close_with_reset();
  watch_until([&] { return drained; });
  EXPECT_EQ(ledger().peer_count(), 0U);
}

TEST_F(TcpDoorTest, RetiresWithoutTheWaitingAndLetsTheActiveGoOn) {
  open({.drain_timeout = 0ms});
  uv::End& active = arrive("x");
  uv::End& upstream = serve();
  uv::End& waiting = arrive();
  watch_until([&] { return door->waiting_count() == 1; });
  door->retire();
  run_until([&] { return waiting.eof; });
  upstream.stream.write("still there");
  run_until([&] { return active.bytes == "still there"; });
}

TEST_F(TcpDoorTest, CutsOffWhatIsLeftAfterTheDrainTimeout) {
  open({.drain_timeout = 10ms});
  uv::End& active = arrive("x");
  serve();
  bool drained = false;
  door->drain([&] { drained = true; });
  watch_until([&] { return drained; });
  EXPECT_EQ(ending(), "KD");
  run_until([&] { return active.reset || active.eof; });
}

TEST_F(TcpDoorWithHook, ReportsAllThatItEndsWhenItStopsAndNothingInItsDestructor) {
  hooks.kinds = {HookKind::kBeforeActivate};
  open({}, &hooks);
  arrive("x");
  watch_until([&] { return !hooks.running.empty(); });
  arrive("y");
  watch_until([&] { return door->waiting_count() == 1; });
  bool drained = false;
  door->drain([&] { drained = true; });
  door->stop();
  EXPECT_TRUE(hooks.running.empty());
  EXPECT_EQ(records.size(), 2U);
  EXPECT_EQ(ending(), "KA");
  door.reset();
  EXPECT_EQ(records.size(), 2U);
  EXPECT_FALSE(drained);
}

}  // namespace
}  // namespace throttle::proxy
