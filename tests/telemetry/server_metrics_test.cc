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
  write_connections({.open = 3, .accepted = 10, .accept_errors = 1, .timed_out = 2, .parked = 4},
                    page);
  write_process({.version = "1.2.3", .start = WallTime(1751797830s + 125ms)}, page);
  write_log(logger, page);
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("\nthrottle_http_connections 3\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_http_connections_accepted_total 10\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_http_accept_errors_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_http_timeouts_total 2\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_parked_requests 4\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_start_time_seconds 1751797830.125\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_log_lines_lost_total{sink=\"recording\"} 0\n"));
}

}  // namespace
}  // namespace throttle::telemetry
