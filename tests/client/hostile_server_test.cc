// The client against servers that cut, babble, lie and say too much.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace throttle::client {
namespace {

using http::Method;
using testing::EndsWith;
using testing::HasSubstr;

class HostileServerTest : public ClientTest {
 protected:
  HostileServerTest() { start_client(acceptor.listener->local_address(), settings_); }

  // Begins a request and waits until it is with the server.
  void begin_and_take(Request request = {}) {
    begin(std::move(request));
    take();
  }
  void take() {
    run_until([&] { return !acceptor.streams.empty(); });
    server_end.emplace(loop, std::move(acceptor.streams.back()));
    acceptor.streams.pop_back();
    server_end->stream.start_reading();
    run_until([&] { return server_end->bytes.find("\r\n\r\n") != std::string::npos; });
  }
  enum class Then { kStays, kCloses };
  std::string answer(std::string_view bytes, Then then = Then::kStays) {
    server_end->stream.write(bytes);
    if (then == Then::kCloses) server_end->stream.close();
    return outcome();
  }
  std::string answer_to(Request request, std::string_view bytes, Then then = Then::kStays) {
    begin_and_take(std::move(request));
    return answer(bytes, then);
  }

  const Settings settings_{.body_bytes = 1000};
};

TEST_F(HostileServerTest, SendsWhatAServerExpects) {
  begin_and_take({.method = Method::kPut,
                  .target = "/p?q",
                  .content_type = "a/b",
                  .body = "hi",
                  .headers = {{"X-Label", "me"}}});
  EXPECT_EQ(server_end->bytes,
            "PUT /p?q HTTP/1.1\r\nHost: " + acceptor.listener->local_address().to_string() +
                "\r\nX-Label: me\r\nContent-Type: a/b\r\n"
                "Content-Length: 2\r\n\r\nhi");
}

TEST_F(HostileServerTest, EndOfConnectionEndsABodyWithoutLength) {
  EXPECT_EQ(answer_to({}, "HTTP/1.1 200 OK\r\n\r\nhello", Then::kCloses), "200 hello");
  EXPECT_EQ(client->kept_connections(), 0U);
}

TEST_F(HostileServerTest, HeadHasNoBodyWhateverItsLengthSays) {
  EXPECT_EQ(answer_to({.method = Method::kHead}, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            "200 ");
}

TEST_F(HostileServerTest, ChunksWithTrailersAndInterimResponsesAreUnderstood) {
  EXPECT_EQ(answer_to({},
                      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n3;x\r\nabc\r\n0\r\nDigest: z\r\n\r\n"),
            "200 abc");
  EXPECT_EQ(client->kept_connections(), 1U);
}

TEST_F(HostileServerTest, AnAnswerThatIsCutIsAnError) {
  const std::vector<std::string_view> cut = {
      "", "HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"};
  for (const std::string_view bytes : cut) {
    EXPECT_THAT(answer_to({}, bytes, Then::kCloses), HasSubstr("the connection was closed"))
        << bytes;
    EXPECT_EQ(done->error().code, ErrorCode::kUnavailable);
  }
}

// It comes when the client has read what was sent before: Windows throws that away, and Wine
// forgets the reset.
TEST_F(HostileServerTest, AResetIsAnError) {
  StreamedResponse streamed(loop);
  running = client->stream({}, streamed);
  take();
  server_end->stream.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  run_until([&] { return streamed.body == "hel"; });
  server_end->stream.close_with_reset();
  run_until([&] { return streamed.outcome.has_value(); });
  ASSERT_FALSE(*streamed.outcome);
  EXPECT_THAT(streamed.outcome->error().message, EndsWith("/: the connection was reset"));
}

TEST_F(HostileServerTest, GarbageIsNamedAsSuch) {
  EXPECT_THAT(answer_to({}, "SSH-2.0-OpenSSH_9.2\r\n"),
              EndsWith("/: the answer is no HTTP: bad version"));
}

TEST_F(HostileServerTest, ABodyOverTheLimitIsAnError) {
  EXPECT_THAT(answer_to({}, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
              HasSubstr("body limit"));
  EXPECT_THAT(answer_to({}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"),
              HasSubstr("body limit"));
}

TEST_F(HostileServerTest, AHeadOverTheLimitIsAnError) {
  EXPECT_THAT(answer_to({}, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')),
              HasSubstr("header limit"));
}

TEST_F(HostileServerTest, AConnectionWithBytesBehindTheAnswerIsNotUsedAgain) {
  EXPECT_EQ(answer_to({}, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK"), "200 x");
  EXPECT_EQ(client->kept_connections(), 0U);
}

TEST_F(HostileServerTest, AKeptConnectionThatSpeaksUnaskedIsDropped) {
  EXPECT_EQ(answer_to({}, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), "200 x");
  EXPECT_EQ(client->kept_connections(), 1U);
  server_end->stream.write("HTTP/1.1 200 Evil\r\nContent-Length: 0\r\n\r\n");
  watch_until([&] { return client->kept_connections() == 0; });
}

TEST_F(HostileServerTest, AServerThatSaysCloseIsNotAskedAgain) {
  EXPECT_EQ(answer_to({}, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"),
            "200 x");
  EXPECT_EQ(client->kept_connections(), 0U);
}

TEST_F(HostileServerTest, ASecondClosedConnectionIsAnErrorAndNoLoop) {
  answer_to({}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  server_end->bytes.clear();
  begin({});
  run_until([&] { return server_end->bytes.find("\r\n\r\n") != std::string::npos; });
  server_end->stream.close();  // the kept one
  take();                      // the repetition
  EXPECT_THAT(answer("", Then::kCloses), HasSubstr("the connection was closed before an answer"));
}

TEST_F(HostileServerTest, AnAnswerBeforeTheWholeRequestIsTaken) {
  acceptor.taking = true;
  begin({.method = Method::kPut, .body = std::string(20'000'000, 'x')});
  run_until([&] { return !acceptor.streams.empty(); });
  server_end.emplace(loop, std::move(acceptor.streams.back()));
  acceptor.streams.pop_back();
  server_end->stream.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(outcome(), "413 ");
  EXPECT_EQ(client->kept_connections(), 0U) << "half a request is still in the connection";
}

TEST_F(HostileServerTest, ABodyOfEventsIsStreamedAsItComes) {
  StreamedResponse streamed(loop);
  running = client->stream({}, streamed);
  take();
  server_end->stream.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  run_until([&] { return streamed.head.has_value(); });
  server_end->stream.write("6\r\ndata: \r\n");
  run_until([&] { return streamed.body == "data: "; });
  server_end->stream.write("2\r\n1\n\r\n");
  run_until([&] { return streamed.body == "data: 1\n"; });
  EXPECT_FALSE(streamed.outcome);
  server_end->stream.close();
  run_until([&] { return streamed.outcome.has_value(); });
  EXPECT_FALSE(*streamed.outcome);
}

}  // namespace
}  // namespace throttle::client
