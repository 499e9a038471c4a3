#include "libthrottle/telemetry/server_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/telemetry/recording_sink.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(RequestMetrics, CountsByMethodRouteAndStatus) {
  RequestMetrics requests;
  for (int i = 0; i < 3; ++i)
    requests.count("PUT", "/peers/{id}", 200);
  requests.count("PUT", "/peers/{id}", 400);
  for (int i = 0; i < 5; ++i)
    requests.count("DELETE", "/peers/{id}", 200);
  Exposition page;
  requests.write(page);
  EXPECT_EQ(page.text(),
            "# HELP throttle_http_requests_total Answered HTTP requests by method, route and "
            "status.\n"
            "# TYPE throttle_http_requests_total counter\n"
            "throttle_http_requests_total{method=\"DELETE\",route=\"/peers/{id}\",status=\"200\"} "
            "5\n"
            "throttle_http_requests_total{method=\"PUT\",route=\"/peers/{id}\",status=\"200\"} 3\n"
            "throttle_http_requests_total{method=\"PUT\",route=\"/peers/{id}\",status=\"400\"} 1\n"
            "# HELP throttle_num_404 Requests to unknown resources.\n"
            "# TYPE throttle_num_404 counter\n"
            "throttle_num_404 0\n");
}

TEST(RequestMetrics, CountsUnknownPathsApartFromUnreadableRequests) {
  RequestMetrics requests;
  requests.count("GET", "", 404);
  requests.count("OTHER", "", 404);
  requests.count("GET", "", 400);
  requests.count("GET", "/favicon", 404);
  Exposition page;
  requests.write(page);
  EXPECT_THAT(page.text(), HasSubstr("\nthrottle_num_404 2\n"));
  EXPECT_THAT(page.text(), HasSubstr("{method=\"GET\",route=\"none\",status=\"400\"} 1\n"));
}

TEST(ServerMetrics, ShowConnectionsProcessAndLog) {
  std::vector<std::string> lines;
  const Logger logger = recording_logger("info", lines);
  Exposition page;
  write_http({.open_connections = 3,
              .parked_requests = 4,
              .accepted_connections = 10,
              .accept_failures = 1,
              .sent_bytes = 99,
              .timeouts = {{"idle", 2}, {"head", 0}},
              .rejections = {{"431", 5}}},
             page);
  write_process({.version = "1.2.3", .start = WallTime(1751797830s + 125ms)}, page);
  write_log(logger, page);
  const std::string text = page.text();
  for (const char* line :
       {"throttle_http_connections 3", "throttle_parked_requests 4",
        "throttle_http_connections_accepted_total 10", "throttle_http_accept_pauses_total 0",
        "throttle_http_accept_failures_total 1", "throttle_http_sent_bytes_total 99",
        "throttle_http_timeouts_total{late_with=\"head\"} 0",
        "throttle_http_timeouts_total{late_with=\"idle\"} 2",
        "throttle_http_rejections_total{status=\"431\"} 5",
        "throttle_build_info{version=\"1.2.3\"} 1", "process_start_time_seconds 1751797830.125",
        "throttle_log_lines_lost_total{sink=\"recording\"} 0"})
    EXPECT_THAT(text, HasSubstr(std::string("\n") + line + "\n"));
}

}  // namespace
}  // namespace throttle::telemetry
