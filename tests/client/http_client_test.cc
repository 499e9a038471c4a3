// The client against a server of our own.
#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "libthrottle/httpd/server.h"
#include "tests/client/client_fixture.h"
#include "tests/http/list_producer.h"
#include "tests/uv/deserted_port.h"

namespace throttle::client {
namespace {

using http::Method;
using testing::HasSubstr;
using testing::StartsWith;

class HttpClientTest : public ClientTest, public httpd::Server::Receiver {
 protected:
  HttpClientTest() {
    server.emplace(loop, http::Limits{}, *this);
    const auto listening = server->listen(uv::kAnyLoopbackPort);
    EXPECT_TRUE(listening);
    address = *listening;
    start_client(address);
  }

  // Echoes the request, except:  /park  /flow  /empty (204)  /close (once answered)
  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId exchange,
                                           TimePoint) override {
    ++handled;
    exchanges.push_back(exchange);
    loop.stop();
    if (request.path == "/park") return std::nullopt;
    if (request.path == "/empty") return http::Response{.status = 204};
    if (request.path == "/flow") return http::testing::in_pieces({{"one "}, {"two "}, {"three"}});
    std::string echo(to_string(request.method));
    echo.append(" ").append(request.path).append("?").append(request.query);
    echo.append(" ").append(request.content_type).append(" ").append(request.body);
    return http::Response{.status = 201, .body = std::move(echo)};
  }
  void on_abandoned(http::ExchangeId) override {
    ++abandoned;
    loop.stop();
  }
  const httpd::Counters& counters() const { return server->counters(); }

  std::optional<httpd::Server> server;
  SocketAddress address;
  int handled = 0;
  int abandoned = 0;
  std::vector<http::ExchangeId> exchanges;
};

TEST_F(HttpClientTest, SendsEachMethodWithItsBody) {
  EXPECT_EQ(ask({.target = "/a?b=c"}), "201 GET /a?b=c  ");
  EXPECT_EQ(ask({.method = Method::kPut, .target = "/p", .content_type = "x/y", .body = "1"}),
            "201 PUT /p? x/y 1");
  EXPECT_EQ(ask({.method = Method::kPost, .target = "/q", .content_type = "x/y", .body = "22"}),
            "201 POST /q? x/y 22");
  EXPECT_EQ(ask({.method = Method::kDelete, .target = "/r"}), "201 DELETE /r?  ");
  EXPECT_EQ(ask({.method = Method::kHead, .target = "/s"}), "201 ");
  EXPECT_EQ(ask({.target = "/empty"}), "204 ");
}

TEST_F(HttpClientTest, KeepsItsConnectionForFurtherRequests) {
  for (int i = 0; i < 5; ++i)
    EXPECT_THAT(ask({.target = "/a"}), StartsWith("201 "));
  EXPECT_EQ(counters().accepted_connections, 1U);
  EXPECT_EQ(client->kept_connections(), 1U);
}

TEST_F(HttpClientTest, APostGetsAConnectionOfItsOwn) {
  ask({.target = "/a"});
  ask({.method = Method::kPost, .target = "/a"});
  EXPECT_EQ(counters().accepted_connections, 2U);
}

TEST_F(HttpClientTest, RequestsAtATimeHaveAConnectionEach) {
  begin({.target = "/park"});
  run_until([&] { return handled == 1; });
  Exchange parked = std::move(running);
  EXPECT_THAT(ask({.target = "/a"}), StartsWith("201 "));
  EXPECT_EQ(counters().open_connections, 2U);
  done.reset();
  server->respond(exchanges[0], http::Response{.body = "late"});
  EXPECT_EQ(outcome(), "200 late");
  EXPECT_FALSE(parked.is_open());
  EXPECT_EQ(client->kept_connections(), 2U);
}

TEST_F(HttpClientTest, NoticesThatAKeptConnectionWasClosed) {
  ask({.target = "/a"});
  server->close_connections();
  watch_until([&] { return client->kept_connections() == 0; });
  EXPECT_THAT(ask({.target = "/a"}), StartsWith("201 "));
}

TEST_F(HttpClientTest, RepeatsARequestWhoseKeptConnectionIsClosedInThatMoment) {
  ask({.target = "/a"});
  begin({.target = "/b"});  // is written to the connection that the server closes now
  server->close_connections();
  EXPECT_EQ(outcome(), "201 GET /b?  ");
  EXPECT_EQ(counters().accepted_connections, 2U);
}

TEST_F(HttpClientTest, DestroyingAnExchangeCancelsIt) {
  begin({.target = "/park"});
  run_until([&] { return handled == 1; });
  running = {};
  run_until([&] { return abandoned == 1; });
  uv::run_briefly(loop);
  EXPECT_FALSE(done);
}

TEST_F(HttpClientTest, AnExchangeCanBeDestroyedBeforeItIsConnected) {
  begin({.target = "/a"});
  running = {};
  uv::run_briefly(loop);
  EXPECT_FALSE(done);
}

TEST_F(HttpClientTest, ItsCallbackMayDestroyAllOfIt) {
  auto on_done_last = [&](const Result<Response>&) {
    running = {};
    client.reset();
    loop.stop();
  };
  running = client->send({.target = "/a"}, on_done_last);
  run_until([&] { return !client; });
}

TEST_F(HttpClientTest, StreamsABodyPieceByPiece) {
  StreamedResponse streamed(loop);
  running = client->stream({.target = "/flow"}, streamed);
  EXPECT_FALSE(streamed.head);
  run_until([&] { return streamed.outcome.has_value(); });
  EXPECT_TRUE(*streamed.outcome);
  EXPECT_EQ(streamed.head->status, 200U);
  EXPECT_EQ(streamed.head->value_of("transfer-encoding"), "chunked");
  EXPECT_EQ(streamed.body, "one two three");
  EXPECT_EQ(client->kept_connections(), 1U);
}

TEST_F(HttpClientTest, AReceiverMayEndAStreamAnywhere) {
  for (const std::size_t at : {0U, 1U}) {
    StreamedResponse streamed(loop);
    streamed.on_event = [&] {
      if (streamed.body.size() >= at) running = {};
    };
    running = client->stream({.target = "/flow"}, streamed);
    run_until([&] { return streamed.head && streamed.body.size() >= at; });
    uv::run_briefly(loop);
    EXPECT_FALSE(streamed.outcome);
    EXPECT_LE(streamed.body.size(), 4U);
  }
}

TEST_F(HttpClientTest, SaysWhichRequestFailedWhere) {
  const uv::DesertedPort deserted(loop);
  start_client(deserted.address());
  const std::string where = deserted.address().to_string();
  EXPECT_THAT(ask({.target = "/a"}),
              StartsWith("GET http://" + where + "/a: cannot connect to " + where));
}

TEST_F(HttpClientTest, SaysThatThereIsNoSuchHost) {
  client.emplace(loop, Settings{.server = {"throttle.invalid", 80}});
  EXPECT_THAT(ask({.target = "/a"}), StartsWith("GET http://throttle.invalid:80/a: "));
  EXPECT_THAT(outcome(), HasSubstr("throttle.invalid"));
}

TEST_F(HttpClientTest, RefusesWhatIsNoTarget) {
  for (const char* const bad : {"", "a", "/a b", "/\r\nX: y"}) {
    EXPECT_THAT(ask({.target = bad}), HasSubstr("no target of a request")) << bad;
    EXPECT_EQ(done->error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(counters().accepted_connections, 0U);
}

TEST_F(HttpClientTest, KeepsNoMoreConnectionsThanItMay) {
  start_client(address, {.kept_connections = 1});
  begin({.target = "/park"});
  run_until([&] { return handled == 1; });
  const Exchange parked = std::move(running);
  ask({.target = "/a"});
  done.reset();
  server->respond(exchanges[0], http::Response{.body = "late"});
  outcome();
  EXPECT_EQ(client->kept_connections(), 1U);
}

TEST_F(HttpClientTest, DropsAConnectionThatWasKeptTooLong) {
  start_client(address, {.keep_time = std::chrono::milliseconds(20)});
  ask({.target = "/a"});
  watch_until([&] { return client->kept_connections() == 0; });
}

}  // namespace
}  // namespace throttle::client
