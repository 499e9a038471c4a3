// The parts of a server together, over real sockets: what belongs to several rooms.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/app/composition.h"
#include "libthrottle/uv/clock.h"
#include "tests/telemetry/recording_sink.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::app {
namespace {

using testing::HasSubstr;

std::string request(std::string_view line, std::string_view body = {},
                    std::string_view headers = {}) {
  return std::string(line) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
         std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

class ServingTest : public uv::TcpTest {
 protected:
  static constexpr std::string_view kAcquire = "PUT /peers/1/A";

  ServingTest() {
    settings.http.listen = {"127.0.0.1", 0};
    settings.semaphores = {{.name = "A", .full_count = 1}};
    start();
    for (const PeerId peer : {1U, 2U}) {
      runtime.ledger().restore(uv::now(), {.peer = peer, .spec = {}, .held = {}});
    }
    runtime.hub().settle();
  }
  ~ServingTest() override { stop(); }

  void stop() {
    while (!composition.parts.empty())
      composition.parts.pop_back();
  }
  void start() {
    composition = compose_server({loop, runtime, logger, lines, open_files_as}, settings);
    for (const auto& part : composition.parts) {
      const auto started = part->start(settings);
      EXPECT_TRUE(started) << (started ? "" : started.error().message);
      for (const Listener& listener : part->listeners())
        address = listener.address.address;
    }
    written.clear();  // the warning that there is no start-up grace
  }

  uv::End& client() {
    clients.push_back(std::make_unique<uv::End>(loop, connect(address)));
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

  std::vector<std::string> written;
  const telemetry::Logger logger = telemetry::recording_logger("warn", written);
  const OpenFilesAs open_files_as;
  uv::LedgerRuntime runtime{loop};
  telemetry::LimitedLines lines{loop};
  config::ServerSettings settings;
  Composition composition;
  SocketAddress address;
  std::vector<std::unique_ptr<uv::End>> clients;
};

TEST_F(ServingTest, AnswersAParkedRequestInTheTurnOfTheReleaseThatGrantsIt) {
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

TEST_F(ServingTest, GrantsWhatAnExpiryFreesWithoutARequest) {
  EXPECT_THAT(ask("PUT /peers/1/A?expires_in=20ms", "1"), HasSubstr("200 OK"));
  EXPECT_THAT(ask("PUT /peers/2/A?block_for=1h", "1"), HasSubstr("200 OK"));
}

TEST_F(ServingTest, ForgetsAParkedRequestWhoseClientHungUpButKeepsItsPlaceInTheQueue) {
  EXPECT_THAT(ask(kAcquire, "1"), HasSubstr("200 OK"));
  uv::End& waiter = client();
  waiter.stream.write(request("PUT /peers/2/A?block_for=1h", "1"));
  run_until_waiting();
  waiter.stream.close();
  uv::run_briefly(loop);
  EXPECT_THAT(ask("GET /metrics"), HasSubstr("\nthrottle_parked_requests 0\n"));
  EXPECT_EQ(runtime.ledger().semaphore("A")->waiting, 1U);
}

TEST_F(ServingTest, CountsRequestsByRouteAlsoThoseAnsweredLater) {
  ask(kAcquire, "1");
  ask("PUT /peers/2/A?block_for=20ms", "1");
  const std::string page = ask("GET /metrics");
  const std::string acquired =
      R"(throttle_http_requests_total{method="PUT",route="/peers/{id}/{semaphore}",status=)";
  EXPECT_THAT(page, HasSubstr(acquired + "\"200\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(acquired + "\"202\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("throttle_waiting_requests{semaphore=\"A\"} 1\n"));
}

TEST_F(ServingTest, AnswersParkedRequestsPendingWhenItDrains) {
  ask(kAcquire, "1");
  uv::End& waiter = client();
  waiter.stream.write(request("PUT /peers/2/A?block_for=1h", "1"));
  run_until_waiting();
  bool drained = false;
  Part& http = *composition.parts.back();
  EXPECT_EQ(http.open_count(), 2U);
  http.drain(kNever, [&] {
    drained = true;
    loop.stop();
  });
  run_until([&] { return drained && is_complete(waiter.bytes); });
  EXPECT_THAT(waiter.bytes, HasSubstr("202 Accepted"));
  EXPECT_EQ(http.open_count(), 0U);
}

TEST_F(ServingTest, TextsForPeopleEndTheirLineAndComparedOnesDoNot) {
  EXPECT_THAT(ask("GET /remainder?semaphore=unknown"),
              testing::EndsWith("\r\n\r\nUnknown semaphore"));
  EXPECT_THAT(ask("PUT /peers/1/A", "0"), testing::EndsWith(".\n"));
  EXPECT_THAT(ask("PUT /peers/1/A", "{"), testing::EndsWith("\n"));
  EXPECT_THAT(ask("POST /peers/1/A"),
              testing::EndsWith("send PUT,DELETE to /peers/{id}/{semaphore}.\n"));
}

TEST_F(ServingTest, IsReadyUnlessItIsPausedOrStops) {
  EXPECT_THAT(ask("GET /ready"), HasSubstr("200 OK"));
  for (const auto& part : composition.parts)
    part->pause();
  EXPECT_THAT(ask("GET /ready"), HasSubstr("503 "));
  EXPECT_THAT(ask("GET /ready"), HasSubstr("\r\nRetry-After: 1\r\n"));
  for (const auto& part : composition.parts)
    part->resume();
  EXPECT_THAT(ask("GET /ready"), HasSubstr("200 OK"));
  bool drained = false;
  composition.drain_waves.front().front()->drain(kNever, [&] { drained = true; });
  EXPECT_TRUE(drained);
  EXPECT_THAT(ask("GET /ready"), HasSubstr("stopping"));
}

TEST_F(ServingTest, ShowsWhetherTheLatestConfigurationIsInForce) {
  constexpr const char* kSuccessful = "\nthrottle_config_last_reload_successful ";
  const auto shows = [&](const char* value) {
    EXPECT_THAT(ask("GET /metrics"), HasSubstr(kSuccessful + std::string(value) + "\n"));
  };
  shows("1");
  for (const auto& part : composition.parts)
    part->on_reload_refused({ErrorCode::kInvalidArgument, "mistakes"});
  shows("0");
  for (const auto& part : composition.parts)
    part->reload(settings);
  shows("1");
}

TEST_F(ServingTest, ShowsTheLimitsInForceAndWhatTheProcessUses) {
  settings.semaphores[0].max_pending = 7;
  for (const auto& part : composition.parts)
    part->reload(settings);
  const std::string page = ask("GET /metrics");
  for (const char* line :
       {"throttle_http_max_connections 20000", "throttle_http_max_body_bytes 268435456",
        "throttle_http_max_streamed_answers 8", "throttle_max_peers 1000000",
        "throttle_max_pending{semaphore=\"A\"} 7"})
    EXPECT_THAT(page, HasSubstr(std::string("\n") + line + "\n"));
  for (const char* name :
       {"process_cpu_seconds_total", "process_max_fds", "process_open_fds",
        "process_resident_memory_bytes", "throttle_config_last_reload_success_timestamp_seconds"})
    EXPECT_THAT(page, HasSubstr(std::string("\n") + name + " "));
}

TEST_F(ServingTest, WarnsAtTheStartIfARestartMayGrantTwice) {
  constexpr std::size_t kLeases = 4;  // the part of a composed server that serves leases
  const auto warnings = [&](Duration grace, Duration max_expires_in) {
    written.clear();
    settings.startup_grace = grace;
    settings.max_expires_in = max_expires_in;
    EXPECT_TRUE(composition.parts.at(kLeases)->start(settings));
    return written;
  };
  using std::chrono::seconds;
  EXPECT_THAT(warnings({}, kForever), testing::ElementsAre(HasSubstr("startup_grace is 0")));
  EXPECT_THAT(warnings(seconds(1), kForever), testing::IsEmpty());
  EXPECT_THAT(warnings({}, seconds(1)), testing::IsEmpty());
}

TEST_F(ServingTest, ServesTheIconUnderBothNames) {
  EXPECT_THAT(ask("GET /favicon.ico"), HasSubstr("200 OK"));
  EXPECT_EQ(ask("GET /favicon").size(), ask("GET /favicon.ico").size());
}

TEST_F(ServingTest, RefusalsAreLimitedByReasonAndSemaphore) {
  for (const char* const path : {"/remainder?semaphore=unknown", "/remainder?semaphore=other",
                                 "/peers/1/A", "/remainder?semaphore=unknown"})
    ask(path == std::string_view("/peers/1/A") ? "PUT /peers/1/A" : "GET " + std::string(path),
        "0");
  ask("PUT /peers/1/A", "-7");
  EXPECT_THAT(written, testing::ElementsAre(HasSubstr("Unknown semaphore: unknown"),
                                            HasSubstr("Unknown semaphore: other"),
                                            HasSubstr("The count must be positive, but it is 0")));
  lines.flush(uv::now());
  EXPECT_THAT(written, testing::Contains(testing::AllOf(HasSubstr("suppressed=1"),
                                                        HasSubstr("positive, but it is -7"))));
}

class BehindABalancerTest : public ServingTest {
 protected:
  BehindABalancerTest() {
    settings.http.trusted_proxies = {*IpNetwork::parse("127.0.0.0/8")};
    settings.http.limits.per_client.max_per_client = 1;
    stop();
    start();
  }
  // The client of a new peer whose request has this header.
  std::string client_of(std::string_view forwarded_for) {
    uv::End& end = send("POST /new_peer", forwarded_for, R"({"expires_in":"1h"})");
    run_until([&] { return is_complete(end.bytes); });
    const PeerId peer = std::stoull(end.bytes.substr(end.bytes.find("\r\n\r\n") + 4));
    return runtime.ledger().peer(peer)->address.to_string();
  }
  uv::End& send(std::string_view line, std::string_view client, std::string_view body) {
    uv::End& end = this->client();
    end.stream.write(request(line, body, "X-Forwarded-For: " + std::string(client) + "\r\n"));
    return end;
  }
};

TEST_F(BehindABalancerTest, LeasesAndWarningsNameTheClientThatItNames) {
  EXPECT_EQ(client_of("203.0.113.9, 192.0.2.7"), "192.0.2.7:0");
  uv::End& refused = send("PUT /peers/1/A", "192.0.2.7", "0");
  run_until([&] { return is_complete(refused.bytes); });
  EXPECT_THAT(written, testing::ElementsAre(HasSubstr("client=192.0.2.7:0")));
}

TEST_F(BehindABalancerTest, ItsClientsHaveALimitEachOfRequestsInProgress) {
  uv::End& holder = send(kAcquire, "192.0.2.7", "1");
  run_until([&] { return is_complete(holder.bytes); });
  send("PUT /peers/2/A?block_for=1h", "192.0.2.7", "1");
  run_until_waiting();
  uv::End& further = send("DELETE /peers/1/A", "192.0.2.7", "");
  run_until([&] { return is_complete(further.bytes); });
  EXPECT_THAT(further.bytes, HasSubstr(" 429 "));
  EXPECT_THAT(further.bytes, HasSubstr("Retry-After: 1"));
  uv::End& other = send("DELETE /peers/1/A", "192.0.2.8", "");
  run_until([&] { return is_complete(other.bytes); });
  EXPECT_THAT(other.bytes, HasSubstr(" 200 "));
  uv::End& again = send("DELETE /peers/2/A", "192.0.2.7", "");
  run_until([&] { return is_complete(again.bytes); });
  EXPECT_THAT(again.bytes, HasSubstr(" 200 "));
}

// A balancer appends to one of the headers, and passes on the other one as the client sent it.
TEST_F(BehindABalancerTest, HeadersThatDisagreeDoNotLiftTheLimit) {
  const auto send_both = [this](std::string_view line, std::string_view invented) {
    uv::End& end = client();
    end.stream.write(
        request(line, "1",
                "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=" + std::string(invented) + "\r\n"));
    return &end;
  };
  uv::End* const holder = send_both(kAcquire, "203.0.113.1");
  run_until([&] { return is_complete(holder->bytes); });
  send_both("PUT /peers/2/A?block_for=1h", "203.0.113.2");
  run_until_waiting();
  uv::End* const further = send_both("PUT /peers/1/A", "203.0.113.3");
  run_until([&] { return is_complete(further->bytes); });
  EXPECT_THAT(further->bytes, HasSubstr(" 429 "));
  uv::End& honest = send("DELETE /peers/1/A", "192.0.2.7", "");
  run_until([&] { return is_complete(honest.bytes); });
  EXPECT_THAT(honest.bytes, HasSubstr(" 200 "));
}

TEST_F(BehindABalancerTest, AQuoteDoesNotHideTheClient) {
  EXPECT_EQ(client_of("\", 192.0.2.7"), "192.0.2.7:0");
}

TEST_F(BehindABalancerTest, AMalformedHeaderIsIgnoredWithAWarning) {
  EXPECT_THAT(client_of("192.0.2.7, nonsense"), testing::StartsWith("127.0.0.1:"));
  EXPECT_THAT(written, testing::ElementsAre(HasSubstr("ignored a malformed Forwarded")));
}

class BehindAConnectionBalancerTest : public ServingTest {
 protected:
  BehindAConnectionBalancerTest() {
    settings.http.accept_proxy = {*IpNetwork::parse("127.0.0.0/8")};
    stop();
    start();
  }
  // The answer on a connection that begins with `header`.
  std::string answer_after(std::string_view header, std::string_view bytes) {
    uv::End& end = client();
    end.stream.write(std::string(header) + std::string(bytes));
    run_until([&] { return is_complete(end.bytes) || end.eof || end.reset; });
    return end.bytes;
  }
};

TEST_F(BehindAConnectionBalancerTest, LeasesAndWarningsNameTheClientOfTheHeader) {
  const std::string_view header = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n";
  const std::string answer =
      answer_after(header, request("POST /new_peer", R"({"expires_in":"1h"})"));
  const PeerId peer = std::stoull(answer.substr(answer.find("\r\n\r\n") + 4));
  EXPECT_EQ(runtime.ledger().peer(peer)->address.to_string(), "192.0.2.7:4711");
  answer_after(header, request("PUT /peers/1/A", "0"));
  EXPECT_THAT(written, testing::ElementsAre(HasSubstr("client=192.0.2.7:4711")));
}

TEST_F(BehindAConnectionBalancerTest, NamesAreThoseOfLoopbackIfTheClientConnectedToALoopback) {
  const std::string_view bytes = "GET /health HTTP/1.1\r\nHost: example.org\r\n\r\n";
  EXPECT_THAT(answer_after("PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n", bytes),
              HasSubstr(" 200 "));
  EXPECT_THAT(answer_after("PROXY TCP4 127.0.0.1 127.0.0.1 4711 80\r\n", bytes),
              HasSubstr(" 403 "));
  EXPECT_THAT(answer_after("PROXY UNKNOWN\r\n", bytes), HasSubstr(" 403 "));
}

TEST_F(BehindAConnectionBalancerTest, AConnectionWithoutAHeaderIsClosedWithAWarning) {
  EXPECT_EQ(answer_after("", request("GET /health")), "");
  EXPECT_THAT(written, testing::ElementsAre(HasSubstr("without a valid PROXY header")));
}

// In a process in which nothing else happens.
TEST_F(ServingTest, SumsUpRefusedRequests) {
  for (int i = 0; i < 3; ++i)
    ask("GET /remainder?semaphore=unknown");
  lines.flush(uv::now());
  ASSERT_EQ(written.size(), 2U);
  EXPECT_THAT(written[0], HasSubstr("refused a request"));
  EXPECT_THAT(written[1], HasSubstr("refused a request suppressed=2"));
}

TEST_F(ServingTest, NamesTheAddressThatAnotherServerListensOn) {
  settings.http.listen = {"127.0.0.1", address.port};
  Composition second = compose_server({loop, runtime, logger, lines, open_files_as}, settings);
  const auto started = second.parts.back()->start(settings);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInUse);
  EXPECT_THAT(started.error().message, HasSubstr(address.to_string()));
}

}  // namespace
}  // namespace throttle::app
