// The limits of the server: time, bytes, connections.
#include <new>

#include <gmock/gmock.h>

#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

using ServerLimitsTest = ServerTest;

// --- time ---

TEST_F(ServerLimitsTest, ClosesConnectionsThatAreIdleTooLong) {
  start({.head_time = 20ms, .idle_time = 20ms});
  uv::End& silent = connect_client();
  uv::End& used = connect_and_send(get("/a"));
  run_until([&] { return silent.eof && used.eof; });
  EXPECT_THAT(silent.bytes, IsEmpty());
  EXPECT_EQ(http_server->counters().timed_out.idle, 2U);
}

TEST_F(ServerLimitsTest, BeginsTheIdleTimeAnewWithEachRequest) {
  start({.idle_time = 2s});
  uv::End& client = connect_client();
  for (int i = 1; i <= 3; ++i) {  // longer than the limit in all
    uv::run_briefly(loop, 700ms);
    client.stream.write(get("/a"));
    run_until_received(client, kOk, i);
  }
  EXPECT_FALSE(client.eof);
}

TEST_F(ServerLimitsTest, AnswersAHeadThatTakesTooLong) {
  start({.head_time = 20ms, .linger_time = 20ms});
  uv::End& client = connect_and_send("GET / HTTP/1.1\r\n");
  run_until([&] { return client.eof; });
  run_until_open(0);
  EXPECT_THAT(client.bytes, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(http_server->counters().timed_out.head, 1U);
  EXPECT_EQ(http_server->counters().rejected.late_408, 1U);
}

TEST_F(ServerLimitsTest, GrantsAHeadNoFurtherTimeForEachByte) {
  start({.head_time = 60ms});
  uv::End& client = connect_client();
  client.stream.set_nodelay();
  for (const char byte : std::string_view("GET /a HTTP/1.1\r\n")) {
    if (client.eof) break;
    client.stream.write({&byte, 1});
    uv::run_briefly(loop, 10ms);
  }
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerLimitsTest, AnswersABodyThatTakesTooLong) {
  start({.head_time = 10s, .body_time = 20ms});
  uv::End& client = connect_and_send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(http_server->counters().timed_out.body, 1U);
}

TEST_F(ServerLimitsTest, LetsAParkedExchangeWaitAsLongAsItTakes) {
  start({.head_time = 500ms, .body_time = 500ms, .idle_time = 500ms, .write_time = 500ms});
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  uv::run_briefly(loop, 600ms);
  http_server->respond(exchanges[0], http::Response{.body = "later"});
  run_until_received(client, "later");
}

TEST_F(ServerLimitsTest, BreaksOffAClientThatDoesNotTakeItsResponse) {
  start({.write_time = 50ms});
  uv::End& client = connect_and_send(get("/big/9000000"));
  client.stream.stop_reading();
  watch_until([&] { return http_server->counters().timed_out.write == 1; });
  EXPECT_EQ(open(), 0U);
  client.stream.start_reading();
  run_until([&] { return client.reset || client.eof; });
  EXPECT_LT(client.bytes.size(), 9'000'000U);
}

TEST_F(ServerLimitsTest, ClosesAfterAFaultAlsoUnderAClientThatStaysSilent) {
  start({.linger_time = 20ms});
  uv::End& client = connect_and_send("garbage\r\n");
  run_until([&] { return client.eof; });
  run_until_open(0);
}

// --- bytes ---

TEST_F(ServerLimitsTest, ServesASlowReaderNoMoreThanItTakes) {
  start({.output_bytes = 1000});
  std::string requests;
  for (int i = 0; i < 100; ++i)
    requests += get("/big/300000");
  uv::End& client = connect_and_send(requests);
  client.stream.stop_reading();
  run_until_handled(1);
  uv::run_briefly(loop, 50ms);
  EXPECT_LT(handled.size(), 50U);
  client.stream.start_reading();
  run_until_handled(100);
}

TEST_F(ServerLimitsTest, ReadsABoundedLengthAheadOfAParkedExchange) {
  start({.pipelined_bytes = 1000});
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  const std::string request =
      "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n" + std::string(10'000, 'x');
  std::string requests;
  for (int i = 0; i < 1000; ++i)
    requests += request;
  client.stream.write(requests);
  uv::run_briefly(loop, 50ms);
  EXPECT_LT(http_server->counters().received_bytes, 200'000U);
  EXPECT_GT(client.stream.queued_bytes(), 0U);
  http_server->respond(exchanges[0], http::Response{});
  run_until_handled(1001);
}

TEST_F(ServerLimitsTest, TakesAParkedClientThatIsNotReadForGoneAfterTheIdleTime) {
  start({.pipelined_bytes = 100, .idle_time = 500ms});
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  client.stream.write(std::string(1000, 'x'));
  watch_until([&] { return http_server->counters().received_bytes > 1000; });
  client.stream.close();
  run_until([&] { return !abandoned.empty(); });
  EXPECT_THAT(abandoned, ElementsAre(exchanges[0]));
  EXPECT_EQ(http_server->counters().timed_out.idle, 1U);
}

// --- connections ---

TEST_F(ServerLimitsTest, ClosesAConnectionMoreThanItsClientMayHave) {
  start({.per_client = {.max_per_client = 1}});
  uv::End& first = connect_and_send(get("/1"));
  run_until_received(first, kOk);
  uv::End& second = connect_client();
  second.stream.start_reading();
  run_until([&] { return second.eof || second.reset; });
  EXPECT_EQ(second.bytes, "");
  EXPECT_EQ(http_server->counters().refused_clients, 1U);

  first.stream.close();
  run_until_open(0);
  uv::End& third = connect_and_send(get("/3"));
  run_until_received(third, kOk);
}

TEST_F(ServerLimitsTest, ClosesTheConnectionThatIsIdleForLongestForAFurtherClient) {
  start({.connections = 2});
  EXPECT_EQ(http_server->most_connections(), 2U);
  uv::End& first = connect_and_send(get("/1"));
  run_until_received(first, kOk);
  uv::End& second = connect_and_send(get("/2"));
  run_until_received(second, kOk);
  first.stream.write(get("/1"));
  run_until_received(first, kOk, 2);

  uv::End& third = connect_and_send(get("/3"));
  run_until_received(third, kOk);
  run_until([&] { return second.eof; });
  EXPECT_FALSE(first.eof);
  EXPECT_EQ(http_server->counters().made_room, 1U);
  EXPECT_EQ(open(), 2U);
}

TEST_F(ServerLimitsTest, LetsFurtherClientsWaitWhileEachConnectionHasARequest) {
  start({.connections = 2});
  uv::End& parked = connect_and_send(get("/park"));
  run_until_handled(1);
  uv::End& half = connect_and_send("GET /half HTTP/1.1\r\n");
  watch_until([&] { return http_server->counters().received_bytes > get("/park").size(); });
  uv::End& third = connect_and_send(get("/3"));
  watch_until([&] { return http_server->counters().full == 1; });
  uv::run_briefly(loop);
  EXPECT_THAT(handled, ElementsAre("/park"));
  EXPECT_EQ(http_server->counters().made_room, 0U);

  http_server->respond(exchanges[0], {.body = "later"});
  run_until_received(parked, "later");
  run_until_received(third, kOk);
  run_until([&] { return parked.eof; });
  half.stream.write("Host: a\r\n\r\n");
  run_until_received(half, kOk);
  EXPECT_THAT(handled, ElementsAre("/park", "/3", "/half"));
}

TEST_F(ServerLimitsTest, AConnectionThatSaysNothingHasNoMoreTimeThanAHead) {
  start({.head_time = 20ms, .idle_time = 1h});
  uv::End& silent = connect_client();
  run_until([&] { return silent.eof; });
  EXPECT_EQ(http_server->counters().timed_out.idle, 1U);
}

TEST_F(ServerLimitsTest, ServesThousandsOfConnectionsOneAfterAnother) {
  start({.connections = 3});
  for (int i = 0; i < 1000; ++i) {
    uv::End& client = connect_and_send("GET /a HTTP/1.0\r\n\r\n");
    run_until([&] { return client.eof; });
    connected.clear();
  }
  EXPECT_EQ(http_server->counters().accepted_connections, 1000U);
}

TEST_F(ServerLimitsTest, ARequestWithoutMemoryForItEndsItsConnectionAlone) {
  start();
  uv::End& other = connect_and_send(get("/park"));
  run_until_handled(1);
  on_handling = [] { throw std::bad_alloc(); };  // tidy-allow: no-throw, for memory that is short
  uv::End& client = connect_and_send(get("/1"));
  run_until([&] { return client.reset; });
  on_handling = {};
  EXPECT_EQ(client.bytes, "");
  EXPECT_EQ(http_server->counters().out_of_memory, 1U);
  EXPECT_EQ(abandoned, std::vector{exchanges.back()});
  http_server->respond(exchanges.front(), {.body = "later"});
  run_until_received(other, "later");
}

}  // namespace
}  // namespace throttle::httpd
