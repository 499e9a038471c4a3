// The end of a server: graceful, or at once.
#include <gmock/gmock.h>

#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using ServerStopTest = ServerTest;

TEST_F(ServerStopTest, ClosesIdleConnectionsAtOnceAndTells) {
  start();
  uv::End& client = connect_and_send(get("/a"));
  run_until_received(client, kOk);
  http_server->stop();
  EXPECT_EQ(stops, 0);
  run_until([&] { return stops == 1; });
  run_until([&] { return client.eof; });
}

TEST_F(ServerStopTest, TellsAlsoIfNothingWasOpen) {
  start();
  http_server->stop();
  EXPECT_EQ(stops, 0);
  run_until([&] { return stops == 1; });
  uv::run_briefly(loop);
  EXPECT_EQ(stops, 1);
}

TEST_F(ServerStopTest, RefusesNewConnections) {
  start();
  http_server->stop();
  bool refused = false;
  auto on_done = [&](Result<uv::TcpStream> result) {
    refused = !result.has_value();
    loop.stop();
  };
  const auto connector = uv::TcpConnector::start(loop, server_address, on_done);
  run_until([&] { return refused; });
}

TEST_F(ServerStopTest, LetsParkedExchangesFinishAndClosesBehindThem) {
  start();
  uv::End& client = connect_and_send(get("/park"));
  run_until_handled(1);
  http_server->stop();
  uv::run_briefly(loop);
  EXPECT_EQ(stops, 0);
  http_server->respond(exchanges[0], http::Response{.status = 202});
  run_until([&] { return stops == 1; });
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, HasSubstr("Connection: close\r\n"));
}

TEST_F(ServerStopTest, LetsRequestsFinishThatHaveBegun) {
  start();
  uv::End& client = connect_and_send("GET /a HT");
  watch_until([&] { return http_server->counters().received_bytes == 9; });
  http_server->stop();
  client.stream.write("TP/1.1\r\nHost: a\r\n\r\n");
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(client.bytes, HasSubstr("GET /a "));
  run_until([&] { return stops == 1; });
}

TEST_F(ServerStopTest, LetsALargeResponseFinish) {
  start();
  uv::End& client = connect_and_send(get("/big/9000000"));
  run_until_handled(1);
  http_server->stop();
  run_until([&] { return client.eof; });
  EXPECT_EQ(std::ranges::count(client.bytes, 'b'), 9'000'000);
  run_until([&] { return stops == 1; });
}

TEST_F(ServerStopTest, MayBeCalledWhileARequestIsHandled) {
  start();
  on_handling = [this] { http_server->stop(); };
  uv::End& client = connect_and_send(get("/a") + get("/b"));
  run_until([&] { return stops == 1; });
  run_until([&] { return client.eof; });
  EXPECT_THAT(handled, ElementsAre("/a"));
  EXPECT_THAT(client.bytes, HasSubstr("Connection: close\r\n"));
}

TEST_F(ServerStopTest, MayDestroyTheServerWhenItHasStopped) {
  start();
  connect_client();
  run_until_open(1);
  http_server->stop();
  run_until([&] { return stops == 1; });
  http_server.reset();
  run_until([&] { return connected[0]->eof; });
}

TEST_F(ServerStopTest, ClosesAllConnectionsWithoutAbandoningThem) {
  start();
  uv::End& parked = connect_and_send(get("/park"));
  run_until_handled(1);
  uv::End& idle = connect_client();
  run_until_open(2);
  http_server->close_connections();
  run_until([&] { return parked.eof && idle.eof; });
  EXPECT_EQ(open(), 0U);
  EXPECT_THAT(abandoned, IsEmpty());
  EXPECT_THAT(parked.bytes, IsEmpty());
}

TEST_F(ServerStopTest, MayCloseAllConnectionsWhileARequestIsHandled) {
  start();
  on_handling = [this] { http_server->close_connections(); };
  uv::End& client = connect_and_send(get("/a") + get("/b"));
  run_until([&] { return client.eof || client.reset; });
  EXPECT_THAT(handled, SizeIs(1));
  EXPECT_THAT(client.bytes, IsEmpty());
}

TEST_F(ServerStopTest, EndsTheWaitOfAllWhenStoppedAndClosed) {
  start();
  connect_and_send(get("/park"));
  connect_and_send("GET /");
  run_until_handled(1);
  run_until_open(2);
  http_server->stop();
  http_server->close_connections();
  run_until([&] { return stops == 1; });
}

TEST_F(ServerStopTest, MayBeDestroyedWithConnectionsInEveryState) {
  start();
  connect_and_send(get("/park"));
  connect_and_send("GET /");
  connect_and_send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  connect_and_send("garbage\r\n");
  connect_and_send(get("/big/9000000")).stream.stop_reading();
  run_until_open(5);
  run_until_handled(2);
  http_server.reset();
  EXPECT_THAT(abandoned, IsEmpty());
}

}  // namespace
}  // namespace throttle::httpd
