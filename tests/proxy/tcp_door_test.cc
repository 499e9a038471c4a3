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

// The upstream is the fixture's acceptor; its ends stand in `served`.
class TcpDoorTest : public DoorTest, public Reports {
 protected:
  ~TcpDoorTest() override { door.reset(); }

  void open(Settings settings = {}, HookRunner* runner = nullptr) {
    settings.name = "service";
    settings.listen = kAnyPort;
    settings.upstream = {"127.0.0.1", acceptor.listener->local_address().port};
    configure(settings.max_connections);
    auto opened = TcpDoor::open({loop, runtime.hub(), *this, runner}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message;
    door = *std::move(opened);
  }

  void on_ended(const ConnectionRecord& record) noexcept override {
    records.push_back(record);
    loop.stop();
  }
  void on_hook_line(const HookCall&, std::string_view line) noexcept override {
    lines.emplace_back(line);
  }
  void on_hook_done(const HookCall&, Duration, const Result<void>&) noexcept override {}
  void on_note(NoteWeight, std::string_view what) noexcept override { notes.emplace_back(what); }

  uv::End& arrive(std::string_view words = {}) {
    return connect_client(door->local_address(), words);
  }
  // The next connection that reached the upstream.
  uv::End& serve() {
    run_until([&] { return !acceptor.streams.empty(); });
    served.push_back(std::make_unique<uv::End>(loop, std::move(acceptor.streams.front())));
    acceptor.streams.erase(acceptor.streams.begin());
    served.back()->stream.start_reading();
    return *served.back();
  }
  void run_until_ended(std::size_t count) {
    run_until([&] { return records.size() >= count; });
  }
  // The two letters of the log line.
  std::string ending() const {
    return {static_cast<char>(records.back().ended_by), static_cast<char>(records.back().phase)};
  }

  std::unique_ptr<TcpDoor> door;
  std::vector<std::unique_ptr<uv::End>> served;
  std::vector<ConnectionRecord> records;
  std::vector<std::string> lines;
  std::vector<std::string> notes;
};

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

TEST_F(TcpDoorTest, EndsAnIdleConnection) {
  open({.idle_timeout = 20ms});
  uv::End& client = arrive("x");
  serve();
  run_until_ended(1);
  EXPECT_EQ(ending(), "cD");
  run_until([&] { return client.eof; });
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
  open({.connect_timeout = 30ms, .rejection = Rejection::kHttp});
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
  ~TcpDoorWithHook() override { door.reset(); }

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
  EXPECT_EQ(records.back().refusal, Refusal::kPerClient);
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
  EXPECT_EQ(records.size(), 1U) << "its end was told when it left";
}

TEST_F(TcpDoorWithHook, CutsTheHookOffWhosePeerSomebodyDeleted) {
  leave_while_the_hook_runs();
  ledger().remove_peer(uv::now(), door->connections().front().peer);
  runtime.hub().settle();
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

TEST_F(TcpDoorTest, CutsOffAConnectionWhosePeerSomebodyDeleted) {
  open();
  uv::End& client = arrive("x");
  serve();
  ledger().remove_peer(uv::now(), door->connections().front().peer);
  runtime.hub().settle();
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

}  // namespace
}  // namespace throttle::proxy
