// The composition over real sockets: what belongs to several rooms, and to none of them alone.
#include "libthrottle/server/lease_server.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/http/limits.h"
#include "libthrottle/uv/clock.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::server {
namespace {

using testing::HasSubstr;

std::string request(std::string_view line, std::string_view body = {}) {
  return std::string(line) + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class LeaseServerTest : public uv::TcpTest {
 protected:
  static constexpr std::string_view kAcquire = "PUT /peers/1/A";

  LeaseServerTest() {
    runtime.ledger().configure(uv::now(), semaphores);
    auto server = LeaseServer::open({loop, runtime, logger, proxies}, {.listen = {"127.0.0.1", 0}});
    EXPECT_TRUE(server) << (server ? "" : server.error().message);
    lease_server = std::move(*server);
    for (const PeerId peer : {1U, 2U}) {
      runtime.ledger().restore(uv::now(), {.peer = peer, .spec = {}, .held = {}});
    }
    runtime.hub().settle();
  }

  uv::End& client() {
    clients.push_back(std::make_unique<uv::End>(loop, connect(lease_server->local_address())));
    clients.back()->stream.start_reading();
    return *clients.back();
  }

  // The response to one request on a connection of its own.
  std::string ask(std::string_view line, std::string_view body = {}) {
    uv::End& end = client();
    end.stream.write(request(line, body));
    run_until([&] { return is_complete(end.bytes); });
    return end.bytes;
  }

  // Looks again and again, for what reaches no client.
  void run_until_waiting() {
    watch_until([this] { return runtime.ledger().semaphore("A")->waiting == 1; });
  }

  static bool is_complete(std::string_view response) {
    const std::size_t head = response.find("\r\n\r\n");
    const std::size_t length = response.find("Content-Length: ");
    if (head == std::string_view::npos || length == std::string_view::npos) return false;
    return response.size() >= head + 4 + std::stoul(std::string(response.substr(length + 16, 9)));
  }

  const std::vector<SemaphoreSettings> semaphores{{.name = "A", .full_count = 1}};
  telemetry::Logger logger{{}};
  uv::LedgerRuntime runtime{loop};
  Proxies proxies{loop, runtime, {}};
  std::unique_ptr<LeaseServer> lease_server;
  std::vector<std::unique_ptr<uv::End>> clients;
};

TEST_F(LeaseServerTest, AnswersAParkedRequestInTheTurnOfTheReleaseThatGrantsIt) {
  EXPECT_THAT(ask(kAcquire, "1"), HasSubstr("200 OK"));
  uv::End& waiter = client();
  waiter.stream.write(request("PUT /peers/2/A?block_for=1h", "1"));
  run_until_waiting();
  EXPECT_EQ(waiter.bytes, "");

  EXPECT_THAT(ask("DELETE /peers/1/A"), HasSubstr("200 OK"));
  run_until([&] { return is_complete(waiter.bytes); });
  EXPECT_THAT(waiter.bytes, HasSubstr("200 OK"));
  EXPECT_THAT(waiter.bytes, HasSubstr("Throttle-Fencing-Token: "));
  EXPECT_EQ(runtime.ledger().check(), "");
}

TEST_F(LeaseServerTest, GrantsWhatAnExpiryFreesWithoutARequest) {
  EXPECT_THAT(ask("PUT /peers/1/A?expires_in=20ms", "1"), HasSubstr("200 OK"));
  EXPECT_THAT(ask("PUT /peers/2/A?block_for=1h", "1"), HasSubstr("200 OK"));
}

TEST_F(LeaseServerTest, ForgetsAParkedRequestWhoseClientHungUpButKeepsItsPlaceInTheQueue) {
  EXPECT_THAT(ask(kAcquire, "1"), HasSubstr("200 OK"));
  uv::End& waiter = client();
  waiter.stream.write(request("PUT /peers/2/A?block_for=1h", "1"));
  run_until_waiting();
  waiter.stream.close();
  uv::run_briefly(loop);
  EXPECT_THAT(ask("GET /metrics"), HasSubstr("\nthrottle_parked_requests 0\n"));
  EXPECT_EQ(runtime.ledger().semaphore("A")->waiting, 1U);
}

TEST_F(LeaseServerTest, CountsRequestsByRouteAlsoThoseAnsweredLater) {
  ask(kAcquire, "1");
  ask("PUT /peers/2/A?block_for=20ms", "1");
  const std::string page = ask("GET /metrics");
  const std::string acquired =
      R"(throttle_http_requests_total{method="PUT",route="/peers/{id}/{semaphore}",status=)";
  EXPECT_THAT(page, HasSubstr(acquired + "\"200\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(acquired + "\"202\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("throttle_waiting_requests{semaphore=\"A\"} 1\n"));
}

TEST_F(LeaseServerTest, AnswersWhoIsParkedPendingWhenItStopsAndThenHasStopped) {
  ask(kAcquire, "1");
  uv::End& waiter = client();
  waiter.stream.write(request("PUT /peers/2/A?block_for=1h", "1"));
  run_until_waiting();
  bool stopped = false;
  lease_server->stop([&] {
    stopped = true;
    loop.stop();
  });
  run_until([&] { return stopped && is_complete(waiter.bytes); });
  EXPECT_THAT(waiter.bytes, HasSubstr("202 Accepted"));
}

TEST_F(LeaseServerTest, NamesTheAddressThatSomebodyElseListensOn) {
  const HostPort taken{"127.0.0.1", lease_server->local_address().port};
  const auto second = LeaseServer::open({loop, runtime, logger, proxies}, {.listen = taken});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_THAT(second.error().message, HasSubstr(lease_server->local_address().to_string()));
}

// The settings and the server each have defaults; whoever reads one of them must not be deceived.
TEST(LeaseServerLimits, HaveTheDefaultsOfTheHttpServer) {
  const http::Limits configured = http_limits(config::HttpSettings{});
  const http::Limits own;
  EXPECT_EQ(configured.head_bytes, own.head_bytes);
  EXPECT_EQ(configured.body_bytes, own.body_bytes);
  EXPECT_EQ(configured.connections, own.connections);
  EXPECT_EQ(configured.head_time, own.head_time);
  EXPECT_EQ(configured.body_time, own.body_time);
  EXPECT_EQ(configured.idle_time, own.idle_time);
  EXPECT_EQ(configured.write_time, own.write_time);
}

}  // namespace
}  // namespace throttle::server
