// The families of HTTP, the process and the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/pages/http_metrics.h"
#include "libthrottle/pages/limit_metrics.h"
#include "libthrottle/pages/log_metrics.h"
#include "libthrottle/pages/process_metrics.h"
#include "libthrottle/pages/proxy_metrics.h"
#include "tests/pages/whole_page.h"
#include "tests/telemetry/recording_sink.h"

namespace throttle::pages {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RequestMetrics, CountsByMethodRouteAndStatus) {
  RequestMetrics requests;
  for (int i = 0; i < 3; ++i)
    requests.count("PUT", "/peers/{id}", 200);
  requests.count("PUT", "/peers/{id}", 400);
  for (int i = 0; i < 5; ++i)
    requests.count("DELETE", "/peers/{id}", 200);
  telemetry::Exposition page;
  requests.write(page);
  EXPECT_EQ(page.text(),
            "# HELP throttle_http_requests_total Answered HTTP requests by method, route and "
            "status. throttle_http_refused_streams_total has those that became 503.\n"
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
  telemetry::Exposition page;
  requests.write(page);
  EXPECT_THAT(page.text(), HasSubstr("\nthrottle_num_404 2\n"));
  EXPECT_THAT(page.text(), HasSubstr("{method=\"GET\",route=\"none\",status=\"400\"} 1\n"));
}

TEST(Metrics, ShowConnectionsProcessAndLog) {
  std::vector<std::string> lines;
  const telemetry::Logger logger = telemetry::recording_logger("info", lines);
  telemetry::Exposition page;
  httpd::Counters counters;
  counters.open_connections = 3;
  counters.accepted_connections = 10;
  counters.accept_failures = 1;
  counters.sent_bytes = 99;
  counters.timed_out.idle = 2;
  counters.rejected.long_head_431 = 5;
  counters.flows = {.open = 2, .refused = 7};
  write_http(counters, 4, page);
  write_process({.version = "1.2.3", .start = telemetry::WallTime(1751797830s + 125ms)}, page);
  write_reloads({.succeeded = false, .last_success = telemetry::WallTime(5s)}, page);
  write_log(logger, page);
  const std::string text = page.text();
  for (const char* line :
       {"throttle_http_connections 3", "throttle_parked_requests 4",
        "throttle_http_connections_accepted_total 10", "throttle_http_accept_pauses_total 0",
        "throttle_http_accept_failures_total 1", "throttle_http_bad_proxy_headers_total 0",
        "throttle_http_streamed_answers 2", "throttle_http_refused_streams_total 7",
        "throttle_http_sent_bytes_total 99", "throttle_http_timeouts_total{late_with=\"head\"} 0",
        "throttle_http_timeouts_total{late_with=\"idle\"} 2",
        "throttle_http_rejections_total{status=\"431\"} 5",
        "throttle_build_info{version=\"1.2.3\"} 1", "process_start_time_seconds 1751797830.125",
        "throttle_config_last_reload_successful 0",
        "throttle_config_last_reload_success_timestamp_seconds 5",
        "throttle_log_lines_lost_total{sink=\"recording\"} 0"})
    EXPECT_THAT(text, HasSubstr(std::string("\n") + line + "\n"));
}

TEST(Metrics, ShowWhatTheProcessUsesWhereTheSystemSaysIt) {
  ProcessFacts facts{.version = "1.2.3", .start = {}};
  telemetry::Exposition silent;
  write_process(facts, silent);
  EXPECT_THAT(silent.text(), Not(HasSubstr("process_open_fds")));
  EXPECT_THAT(silent.text(), Not(HasSubstr("process_cpu_seconds_total")));

  facts.usage = {.resident_bytes = 4096, .cpu = 1500ms};
  facts.open_descriptors = 12;
  facts.most_descriptors = 1024;
  telemetry::Exposition page;
  write_process(facts, page);
  for (const char* line :
       {"# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.5",
        "process_max_fds 1024", "process_open_fds 12", "process_resident_memory_bytes 4096"})
    EXPECT_THAT(page.text(), HasSubstr(std::string("\n") + line + "\n"));
}

TEST(Metrics, ShowEachOutcomeOfConnectionsFromTheStart) {
  ProxyMetrics proxy;
  proxy.count({.client = {}, .accepted = {}, .ended_by = proxy::EndedBy::kNormal});
  MetricsPage page;
  ProxyMetrics::write({{"office", proxy, {}}}, page);
  const std::string text = whole(page);
  for (const char* sample :
       {"upstream_down\"} 0", "refused_rate\"} 0", "queue_timeout\"} 0", "finished\"} 1"})
    EXPECT_THAT(text, HasSubstr(std::string("\nthrottle_proxy_connections_total{proxy=\"office\","
                                            "outcome=\"") +
                                sample + "\n"));
}

TEST(Metrics, ShowTheLimitsInForceWithSemaphoresInTheOrderOfTheirNames) {
  MetricsPage page;
  http::Limits limits;
  limits.connections = 11;
  write_http_limits(limits, page.short_families());
  write_max_peers(22, page.short_families());
  const std::vector<SemaphoreSettings> semaphores = {{.name = "b", .max_pending = 2},
                                                     {.name = "a", .max_pending = 1}};
  write_max_pending(semaphores, page);
  const std::string text = whole(page);
  EXPECT_THAT(text, HasSubstr("\nthrottle_http_max_connections 11\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_max_peers 22\n"));
  EXPECT_THAT(text, HasSubstr("\nthrottle_max_pending{semaphore=\"a\"} 1\n"
                              "throttle_max_pending{semaphore=\"b\"} 2\n"));
}

}  // namespace
}  // namespace throttle::pages
