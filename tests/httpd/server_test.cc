// The server over real connections: requests, parked exchanges, clients that leave.
#include "libthrottle/httpd/server.h"

#include <set>

#include <gmock/gmock.h>

#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST_F(ServerTest, AnswersRequestsOnOneConnection) {
  start();
  uv::End& client = connect_and_send(get("/a"));
  run_until_received(client, "GET /a ");
  EXPECT_THAT(client.bytes, StartsWith(kOk));
  client.stream.write("PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  run_until_received(client, "PUT /b hi");
  EXPECT_EQ(open(), 1U);
  EXPECT_EQ(http_server->counters().accepted_connections, 1U);
}

TEST_F(ServerTest, TellsTheAddressOfTheClient) {
  start();
  uv::End& client = connect_and_send(get("/a"));
  run_until_handled(1);
  EXPECT_EQ(client_address, client.stream.local_address());
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderAndInOneWrite) {
  start();
  uv::End& client = connect_and_send(get("/a") + get("/b") + get("/c"));
  run_until_received(client, "GET /c ");
  EXPECT_LT(client.bytes.find("GET /a "), client.bytes.find("GET /b "));
  EXPECT_LT(client.bytes.find("GET /b "), client.bytes.find("GET /c "));
  EXPECT_EQ(client.reads, 1);
}

TEST_F(ServerTest, AnswersRequestsThatArriveByteByByte) {
  start();
  uv::End& client = connect_client();
  client.stream.set_nodelay();
  const std::string bytes =
      "PUT /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
  for (const char byte : bytes) {
    client.stream.write({&byte, 1});
    uv::run_briefly(loop, std::chrono::milliseconds(1));
  }
  run_until_received(client, "PUT /b hi");
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  start();
  uv::End& client = connect_and_send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n");
  run_until_received(client, "\r\n\r\n");
  EXPECT_THAT(client.bytes, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(client.bytes, EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, ClosesWhenTheClientWantsIt) {
  start();
  uv::End& client = connect_and_send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(client.bytes, EndsWith("GET /a "));
}

TEST_F(ServerTest, SendsAllOfALargeResponseBeforeItCloses) {
  start();
  uv::End& client = connect_and_send("GET /big/9000000 HTTP/1.0\r\n\r\n");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, HasSubstr("Content-Length: 9000000\r\n"));
  EXPECT_EQ(std::ranges::count(client.bytes, 'b'), 9'000'000);
}

TEST_F(ServerTest, SendsAllOfALargeResponseToAClientThatHasHalfClosed) {
  start();
  uv::End& client = connect_and_send(get("/big/9000000"));
  client.stream.shutdown();
  run_until([&] { return client.eof; });
  EXPECT_EQ(std::ranges::count(client.bytes, 'b'), 9'000'000);
}

// --- parked exchanges ---

TEST_F(ServerTest, AnswersAParkedExchangeLater) {
  start();
  uv::End& waiting = connect_and_send(get("/park"));
  run_until_handled(1);
  uv::End& other = connect_and_send(get("/a"));
  run_until_received(other, "GET /a ");
  EXPECT_THAT(waiting.bytes, IsEmpty());
  http_server->respond(exchanges[0], http::Response{.status = 202, .body = "later"});
  run_until_received(waiting, "later");
  EXPECT_THAT(waiting.bytes, StartsWith("HTTP/1.1 202 Accepted\r\n"));
  waiting.stream.write(get("/b"));
  run_until_received(waiting, "GET /b ");
}

TEST_F(ServerTest, AnswersRequestsBehindAParkedOneInOrder) {
  start();
  uv::End& client = connect_and_send(get("/park") + get("/a"));
  run_until_handled(1);
  client.stream.write(get("/b"));
  uv::run_briefly(loop);
  EXPECT_THAT(handled, ElementsAre("/park"));
  http_server->respond(exchanges[0], http::Response{.body = "first"});
  EXPECT_THAT(handled, ElementsAre("/park"));  // respond() itself calls nobody
  run_until_received(client, "GET /b ");
  EXPECT_LT(client.bytes.find("first"), client.bytes.find("GET /a "));
}

TEST_F(ServerTest, MayAnswerOneClientWhileItServesAnother) {
  start();
  uv::End& waiting = connect_and_send(get("/park") + get("/behind"));
  run_until_handled(1);
  on_handling = [this] { http_server->respond(exchanges[0], http::Response{.body = "woken"}); };
  uv::End& other = connect_and_send(get("/a") + get("/b"));
  run_until_received(waiting, "GET /behind ");
  run_until_received(other, "GET /b ");
  EXPECT_EQ(count(waiting.bytes, kOk), 2);
  EXPECT_EQ(count(other.bytes, kOk), 2);
  EXPECT_THAT(other.bytes, Not(HasSubstr("woken")));
}

TEST_F(ServerTest, MayAnswerAnExchangeBeforeItsHandlerReturns) {
  start();
  on_handling = [this] { http_server->respond(exchanges.back(), http::Response{.body = "early"}); };
  uv::End& client = connect_and_send(get("/park") + get("/park"));
  run_until_received(client, "early", 2);
  EXPECT_EQ(count(client.bytes, kOk), 2);
}

TEST_F(ServerTest, PrefersTheReturnedResponseToAnEarlyOne) {
  start();
  on_handling = [this] { http_server->respond(exchanges.back(), http::Response{.body = "early"}); };
  uv::End& client = connect_and_send(get("/a") + get("/b"));
  run_until_received(client, "GET /b ");
  EXPECT_THAT(client.bytes, Not(HasSubstr("early")));
}

TEST_F(ServerTest, IgnoresResponsesToExchangesThatDoNotWait) {
  start();
  uv::End& client = connect_and_send(get("/a"));
  run_until_received(client, kOk);
  http_server->respond(0, {});
  client.stream.write(get("/park"));
  run_until_handled(2);
  http_server->respond(0, {});
  http_server->respond(~http::ExchangeId{0}, {});
  http_server->respond(exchanges[0], http::Response{.body = "twice"});
  http_server->respond(exchanges[1], http::Response{.body = "once"});
  http_server->respond(exchanges[1], http::Response{.body = "twice"});
  run_until_received(client, "once");
  uv::run_briefly(loop);
  EXPECT_THAT(client.bytes, Not(HasSubstr("twice")));
}

TEST_F(ServerTest, NeverUsesAnExchangeIdTwice) {
  start();
  for (int i = 0; i < 3; ++i) {
    uv::End& client = connect_and_send(get("/a") + get("/b"));
    run_until_received(client, "GET /b ");
    client.stream.close();
    run_until_open(0);
  }
  EXPECT_EQ(std::set<http::ExchangeId>(exchanges.begin(), exchanges.end()).size(), 6U);
}

// --- clients that leave ---

TEST_F(ServerTest, TellsThatAParkedClientHungUp) {
  start();
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  client.stream.close();
  run_until([&] { return !abandoned.empty(); });
  EXPECT_THAT(abandoned, ElementsAre(exchanges[0]));
  http_server->respond(exchanges[0], http::Response{});
  run_until_open(0);
  EXPECT_EQ(http_server->counters().abandoned, 1U);
}

TEST_F(ServerTest, TellsThatAParkedClientBrokeOff) {
  start();
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  client.stream.close_with_reset();
  run_until([&] { return !abandoned.empty(); });
  EXPECT_THAT(abandoned, ElementsAre(exchanges[0]));
}

TEST_F(ServerTest, TakesAParkedClientThatHalfClosesForGone) {
  start();
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  client.stream.shutdown();
  run_until([&] { return !abandoned.empty(); });
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, IsEmpty());
}

TEST_F(ServerTest, ForgetsClientsThatLeaveWithoutARequestOrAmidOne) {
  start();
  connect_client().stream.close();
  connect_and_send("GET /").stream.close();
  uv::End& last = connect_and_send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1");
  watch_until([&] { return http_server->counters().accepted_connections == 3; });
  last.stream.close_with_reset();
  run_until_open(0);
  EXPECT_THAT(abandoned, IsEmpty());
  EXPECT_THAT(handled, IsEmpty());
}

// --- faults ---

TEST_F(ServerTest, AnswersGarbageAndCloses) {
  start();
  uv::End& client = connect_and_send("hello, server\r\n");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(http_server->counters().rejected.malformed_400, 1U);
  EXPECT_EQ(http_server->counters().requests, 0U);
}

TEST_F(ServerTest, AnswersALongBodyWhileItIsStillArriving) {
  start();
  uv::End& client =
      connect_and_send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  client.stream.write(std::string(9'000'000, 'x'));
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, StartsWith("HTTP/1.1 413 "));
  EXPECT_FALSE(client.reset);
  client.stream.close();
  run_until_open(0);
  EXPECT_EQ(http_server->counters().rejected.long_body_413, 1U);
}

TEST_F(ServerTest, CountsWhatItRejectsByStatus) {
  start({.target_bytes = 20, .header_count = 1});
  connect_and_send("GET /345678901234567890abc HTTP/1.1\r\nHost: a\r\n\r\n");
  connect_and_send("GET / HTTP/1.1\r\nHost: a\r\na: b\r\nc: d\r\n\r\n");
  run_until([&] { return connected[0]->eof && connected[1]->eof; });
  EXPECT_EQ(http_server->counters().rejected.long_target_414, 1U);
  EXPECT_EQ(http_server->counters().rejected.long_head_431, 1U);
}

TEST_F(ServerTest, CountsBytesAndRequests) {
  start();
  const std::string request = get("/a");
  uv::End& client = connect_and_send(request);
  run_until_received(client, "GET /a ");
  EXPECT_EQ(http_server->counters().received_bytes, request.size());
  EXPECT_EQ(http_server->counters().sent_bytes, client.bytes.size());
  EXPECT_EQ(http_server->counters().requests, 1U);
}

// --- several addresses ---

TEST_F(ServerTest, ListensOnSeveralAddresses) {
  start();
  const SocketAddress first = server_address;
  const auto second = http_server->listen(uv::kAnyLoopbackPort);
  ASSERT_TRUE(second);
  for (const SocketAddress& address : {first, *second}) {
    server_address = address;
    uv::End& client = connect_and_send(get("/a"));
    run_until_received(client, "GET /a ");
  }
}

TEST_F(ServerTest, NamesAnAddressThatIsTaken) {
  start();
  const auto again = http_server->listen(server_address);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kInUse);
  EXPECT_THAT(again.error().message, HasSubstr(server_address.to_string()));
}

}  // namespace
}  // namespace throttle::httpd
