// Answers in pieces over real connections: what waits for what, and what ends what.
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "tests/http/response_transcript.h"
#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Progress = http::Producer::Progress;

// What the test knows of the one producer.
struct Tap {
  std::size_t pieces = 10;           // that it has to give
  std::size_t piece_bytes = 64'000;  // of each
  std::size_t waits_after = 0;       // it waits to be resumed after this many; 0: never
  std::size_t asked = 0;
  int alive = 0;
};

class TapProducer final : public http::Producer {
 public:
  explicit TapProducer(Tap& tap) : tap_(tap) { ++tap_.alive; }
  ~TapProducer() override { --tap_.alive; }
  Progress produce(std::string& out, TimePoint) override {
    out.append(tap_.piece_bytes, 'p');
    ++tap_.asked;
    if (tap_.asked == tap_.pieces) return Progress::kEnd;
    return tap_.asked == tap_.waits_after ? Progress::kWait : Progress::kMore;
  }

 private:
  Tap& tap_;
};

class ServerFlowTest : public ServerTest {
 protected:
  // "/flow" is answered in pieces.
  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId exchange,
                                           TimePoint now) override {
    if (request.path != "/flow") return ServerTest::on_request(request, exchange, now);
    exchanges.push_back(exchange);
    http::Response response;
    response.producer = std::make_unique<TapProducer>(tap);
    return response;
  }

  static std::string body_of(const uv::End& client) {
    http::testing::ResponseTranscript transcript({}, http::Method::kGet);
    EXPECT_FALSE(transcript.feed(client.bytes));
    return transcript.body();
  }
  void run_until_asked(std::size_t pieces) {
    watch_until([&] { return tap.asked >= pieces; });
  }
  // Until the client's socket is full, so that the producer is asked for nothing more.
  std::size_t run_until_stuck() {
    std::size_t asked = 0;
    do {
      asked = tap.asked;
      uv::run_briefly(loop, 50ms);
    } while (tap.asked > asked);
    return asked;
  }
  const http::Flows& flows() const { return http_server->counters().flows; }

  Tap tap;
};

TEST_F(ServerFlowTest, ArrivesWholeAndKeepsTheConnection) {
  start();
  uv::End& client = connect_and_send(get("/flow") + get("/a"));
  run_until_received(client, "GET /a ");
  EXPECT_EQ(body_of(client), std::string(640'000, 'p'));
  client.stream.write(get("/b"));
  run_until_received(client, "GET /b ");
  EXPECT_EQ(tap.alive, 0);
  EXPECT_EQ(flows().open, 0U);
}

TEST_F(ServerFlowTest, EndsTheConnectionOfHttp10) {
  start();
  uv::End& client = connect_and_send("GET /flow HTTP/1.0\r\n\r\n");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, Not(HasSubstr("chunked")));
  EXPECT_EQ(client.bytes.size() - client.bytes.find("\r\n\r\n") - 4, 640'000U);
}

TEST_F(ServerFlowTest, ReachesAClientThatHasShutDownItsSending) {
  start();
  uv::End& client = connect_and_send(get("/flow"));
  client.stream.shutdown();
  run_until([&] { return client.eof; });
  EXPECT_EQ(body_of(client).size(), 640'000U);
  run_until_open(0);
}

TEST_F(ServerFlowTest, GivesOtherConnectionsTheirTurns) {
  tap.pieces = 1000;
  start();
  connect_and_send(get("/flow"));
  run_until_asked(1);
  uv::End& other = connect_and_send(get("/a"));
  run_until_received(other, kOk);
  EXPECT_LT(tap.asked, tap.pieces);
}

TEST_F(ServerFlowTest, AsksForNothingWhileTheClientDoesNotRead) {
  tap.pieces = 100'000;
  start();
  uv::End& client = connect_client();
  client.stream.stop_reading();
  client.stream.write(get("/flow"));
  run_until_asked(1);
  const std::size_t asked = run_until_stuck();
  EXPECT_LT(asked, 1000U);
  client.stream.start_reading();
  run_until_asked(asked + 1);
}

TEST_F(ServerFlowTest, CutsOffAClientThatDoesNotRead) {
  tap.pieces = 100'000;
  start({.write_time = 100ms});
  uv::End& client = connect_client();
  client.stream.stop_reading();
  client.stream.write(get("/flow"));
  run_until_asked(1);
  run_until_open(0);
  EXPECT_EQ(tap.alive, 0);
  EXPECT_EQ(http_server->counters().timed_out.write, 1U);
}

TEST_F(ServerFlowTest, CutsOffAClientThatTakesTooLongForTheWhole) {
  tap.pieces = 1'000'000;
  tap.piece_bytes = 10;
  start({.flow_time = 50ms});
  uv::End& client = connect_and_send(get("/flow"));
  run_until([&] { return client.reset || client.eof; });
  run_until_open(0);
  EXPECT_EQ(tap.alive, 0);
  EXPECT_EQ(http_server->counters().timed_out.write, 1U);
}

TEST_F(ServerFlowTest, EndsTheProducerOfAClientThatLeaves) {
  tap.pieces = 100'000;
  start();
  uv::End& client = connect_and_send(get("/flow"));
  run_until_asked(3);
  client.stream.close_with_reset();
  run_until_open(0);
  EXPECT_EQ(tap.alive, 0);
  EXPECT_EQ(flows().open, 0U);
}

TEST_F(ServerFlowTest, RefusesOneMoreThanTheLimit) {
  tap.pieces = 100'000;
  start({.flows = 1});
  uv::End& first = connect_client();
  first.stream.stop_reading();
  first.stream.write(get("/flow"));
  run_until_asked(1);
  uv::End& second = connect_and_send(get("/flow") + get("/a"));
  run_until_received(second, "GET /a ");
  EXPECT_THAT(second.bytes, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(second.bytes, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_EQ(flows().open, 1U);
  EXPECT_EQ(flows().refused, 1U);
  EXPECT_EQ(tap.alive, 1);
}

TEST_F(ServerFlowTest, AWaitingProducerIsAskedWhenItIsResumed) {
  tap = {.pieces = 4, .piece_bytes = 3, .waits_after = 2};
  start();
  uv::End& client = connect_and_send(get("/flow") + get("/a"));
  run_until_received(client, "ppp", 2);
  uv::run_briefly(loop);
  EXPECT_EQ(tap.asked, 2U);
  http_server->resume(exchanges[0]);
  http_server->resume(exchanges[0] + 1);
  EXPECT_EQ(tap.asked, 2U) << "it was asked in the call";
  run_until_received(client, "GET /a ");
  EXPECT_EQ(body_of(client), std::string(12, 'p'));
  http_server->resume(exchanges[0]);
}

TEST_F(ServerFlowTest, AProducerMayWaitForLongerThanAnAnswerMayTake) {
  tap = {.pieces = 2, .piece_bytes = 3, .waits_after = 1};
  start({.flow_time = 1ms});
  uv::End& client = connect_and_send(get("/flow"));
  run_until_received(client, "ppp");
  uv::run_briefly(loop, 50ms);
  http_server->resume(exchanges[0]);
  run_until_received(client, "\r\n0\r\n\r\n");
}

TEST_F(ServerFlowTest, ResumingWhileTheClientDoesNotReadLosesNothing) {
  tap = {.pieces = 40, .piece_bytes = 1'000'000, .waits_after = 20};
  start();
  uv::End& client = connect_client();
  client.stream.stop_reading();
  client.stream.write(get("/flow"));
  run_until_asked(1);
  run_until_stuck();
  http_server->resume(exchanges[0]);
  uv::run_briefly(loop, 20ms);
  client.stream.start_reading();
  run_until_asked(20);
  while (tap.asked < tap.pieces) {
    http_server->resume(exchanges[0]);
    uv::run_briefly(loop);
  }
  run_until_received(client, "\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(client).size(), 40'000'000U);
}

TEST_F(ServerFlowTest, AClientThatIsResetWhileTheProducerWaitsEndsIt) {
  tap.waits_after = 1;
  start();
  uv::End& client = connect_and_send(get("/flow") + get("/a"));
  run_until_asked(1);
  client.stream.close_with_reset();
  run_until_open(0);
  EXPECT_EQ(tap.alive, 0);
  http_server->resume(exchanges[0]);
  EXPECT_THAT(handled, testing::IsEmpty()) << "a pipelined request was served";
}

TEST_F(ServerFlowTest, AProducerThatIsResumedBeforeAStopSaysItsLastWord) {
  tap = {.pieces = 2, .piece_bytes = 3, .waits_after = 1};
  start();
  uv::End& client = connect_and_send(get("/flow"));
  run_until_received(client, "ppp");
  http_server->resume(exchanges[0]);
  http_server->stop();
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, EndsWith("ppp\r\n00000003\r\nppp\r\n0\r\n\r\n"));
}

TEST_F(ServerFlowTest, AClientThatLeavesWhileTheProducerWaitsEndsIt) {
  tap.waits_after = 1;
  start();
  uv::End& client = connect_and_send(get("/flow"));
  run_until_asked(1);
  client.stream.shutdown();
  run_until_open(0);
  EXPECT_EQ(tap.alive, 0);
}

TEST_F(ServerFlowTest, StopEndsAProducerThatWaits) {
  tap = {.piece_bytes = 3, .waits_after = 1};
  start();
  uv::End& client = connect_and_send(get("/flow"));
  run_until_received(client, "ppp");
  http_server->stop();
  run_until([&] { return stops == 1; });
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, EndsWith("ppp\r\n0\r\n\r\n"));
}

TEST_F(ServerFlowTest, StopLetsOneFinishThatIsBeingWritten) {
  start();
  uv::End& client = connect_and_send(get("/flow"));
  run_until_asked(1);
  http_server->stop();
  run_until([&] { return stops == 1; });
  run_until([&] { return client.eof; });
  EXPECT_EQ(body_of(client).size(), 640'000U);
}

TEST_F(ServerFlowTest, ClosingAllEndsTheProducer) {
  tap.waits_after = 1;
  start();
  connect_and_send(get("/flow"));
  run_until_asked(1);
  http_server->close_connections();
  EXPECT_EQ(tap.alive, 0);
  run_until_open(0);
}

TEST_F(ServerFlowTest, ALateAnswerMayFlowToo) {
  start();
  uv::End& client = connect_and_send(get("/park") + get("/a"));
  run_until_handled(1);
  http::Response response;
  response.producer = std::make_unique<TapProducer>(tap);
  http_server->respond(exchanges[0], std::move(response));
  run_until_received(client, "GET /a ");
  EXPECT_EQ(body_of(client).size(), 640'000U);
}

}  // namespace
}  // namespace throttle::httpd
