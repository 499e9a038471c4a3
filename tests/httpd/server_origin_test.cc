// Connections of load balancers, which begin with a PROXY header.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/core/proxy_header.h"
#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ProxiedConnection kOrigin{{IpAddress::from_v4({192, 0, 2, 1}), 4711},
                                {IpAddress::from_v4({192, 0, 2, 9}), 80}};

class ServerOriginTest : public ServerTest {
 protected:
  void start_behind_balancers(const http::Limits& limits = {}) {
    start(limits, {*IpNetwork::parse("127.0.0.0/8")});
  }
  // Until the server has closed it.
  void run_until_ended(uv::End& client) {
    run_until([&] { return client.eof || client.reset; });
  }
};

TEST_F(ServerOriginTest, ARequestIsOfTheClientInTheHeader) {
  start_behind_balancers();
  for (const std::string& header : {proxy_header_v1(kOrigin), proxy_header_v2(kOrigin)}) {
    uv::End& client = connect_and_send(header + get("/a") + get("/b"));
    run_until_received(client, kOk, 2);
    EXPECT_EQ(client_address, kOrigin.source);
    EXPECT_EQ(destination, kOrigin.destination);
  }
  EXPECT_THAT(handled, ElementsAre("/a", "/b", "/a", "/b"));
  EXPECT_THAT(bad_headers, IsEmpty());
}

TEST_F(ServerOriginTest, AHeaderMayComeByteByByte) {
  start_behind_balancers();
  uv::End& client = connect_client();
  std::uint64_t sent = 0;
  for (const char byte : proxy_header_v2(kOrigin) + get("/a")) {
    client.stream.write(std::string_view(&byte, 1));
    ++sent;
    watch_until([&] { return http_server->counters().received_bytes == sent; });
  }
  run_until_received(client, kOk);
  EXPECT_EQ(client_address, kOrigin.source);
}

TEST_F(ServerOriginTest, ABalancerThatSpeaksForItselfIsTheClient) {
  start_behind_balancers();
  uv::End& client = connect_and_send("PROXY UNKNOWN\r\n" + get("/a"));
  run_until_received(client, kOk);
  EXPECT_TRUE(client_address.ip.is_loopback());
  EXPECT_EQ(destination, std::nullopt);
}

TEST_F(ServerOriginTest, TheClientInTheHeaderIsTheOneThatIsLimited) {
  start_behind_balancers({.per_client = {.max_per_client = 1}});
  uv::End& first = connect_and_send(proxy_header_v1(kOrigin) + get("/a"));
  run_until_received(first, kOk);
  uv::End& second = connect_and_send(proxy_header_v1(kOrigin) + get("/b"));
  run_until_ended(second);
  ProxiedConnection other = kOrigin;
  other.source.ip = IpAddress::from_v4({192, 0, 2, 2});
  uv::End& third = connect_and_send(proxy_header_v1(other) + get("/c"));
  run_until_received(third, kOk);
  EXPECT_THAT(handled, ElementsAre("/a", "/c"));
  EXPECT_EQ(http_server->counters().refused_clients, 1U);
}

TEST_F(ServerOriginTest, AConnectionWithoutAValidHeaderIsClosedAndReported) {
  start_behind_balancers();
  for (const std::string& bytes :
       {get("/a"), std::string("PROXY TCP4 1.2.3.4 1.2.3.4 1 x\r\n") + get("/a")}) {
    uv::End& client = connect_and_send(bytes);
    run_until_ended(client);
    EXPECT_EQ(client.bytes, "");
  }
  EXPECT_THAT(handled, IsEmpty());
  EXPECT_THAT(bad_headers,
              ElementsAre(HasSubstr("does not begin with one"), HasSubstr("\"x\" is not a port")));
  EXPECT_EQ(http_server->counters().bad_proxy_headers, 2U);
}

TEST_F(ServerOriginTest, AHeaderThatIsLateOrCutOffIsReportedAndASilentConnectionIsNot) {
  start_behind_balancers({.head_time = 5ms});
  uv::End& late = connect_and_send("PROXY TCP4");
  run_until_ended(late);
  EXPECT_THAT(bad_headers, ElementsAre(HasSubstr("in time")));
  http_server.reset();

  start_behind_balancers();
  uv::End& cut_off = connect_and_send("PROXY TCP4");
  cut_off.stream.shutdown();
  run_until_ended(cut_off);
  uv::End& silent = connect_client();
  silent.stream.shutdown();
  run_until_ended(silent);
  EXPECT_THAT(bad_headers, ElementsAre(HasSubstr("in time"), HasSubstr("ended within it")));
}

TEST_F(ServerOriginTest, OnlyBalancersHaveToSendOne) {
  start({}, {*IpNetwork::parse("192.0.2.0/24")});
  run_until_received(connect_and_send(get("/a")), kOk);
  EXPECT_TRUE(client_address.ip.is_loopback());
  run_until_received(connect_and_send(proxy_header_v1(kOrigin) + get("/b")), " 400 ");
  EXPECT_THAT(handled, ElementsAre("/a"));
}

TEST_F(ServerOriginTest, AStopAndAFullServerCloseConnectionsThatOweTheirHeader) {
  start_behind_balancers({.connections = 1});
  uv::End& first = connect_and_send("PROXY");
  run_until_open(1);
  uv::End& second = connect_and_send(proxy_header_v1(kOrigin) + get("/a"));
  run_until_received(second, kOk);
  EXPECT_TRUE(first.eof || first.reset);
  EXPECT_EQ(http_server->counters().made_room, 1U);
  second.stream.close();
  run_until_open(0);
  uv::End& third = connect_and_send("PROXY");
  run_until_open(1);
  http_server->stop();
  run_until([&] { return stops == 1; });
  run_until_ended(third);
  EXPECT_THAT(bad_headers, IsEmpty());
}

}  // namespace
}  // namespace throttle::httpd
