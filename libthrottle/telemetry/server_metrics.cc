#include "libthrottle/telemetry/server_metrics.h"

#include <algorithm>
#include <utility>

namespace throttle::telemetry {

void RequestMetrics::count(std::string_view method, std::string_view route, unsigned status) {
  auto found = std::find_if(counts_.begin(), counts_.end(), [&](const Count& count) {
    return count.status == status && count.route == route && count.method == method;
  });
  if (found == counts_.end()) found = counts_.insert(found, {method, route, status, 0});
  ++found->requests;
  if (found != counts_.begin() && std::prev(found)->requests < found->requests) {
    std::swap(*found, *std::prev(found));
  }
}

void RequestMetrics::write(Exposition& page) const {
  auto& requests = page.counter("throttle_http_requests_total",
                                "Answered HTTP requests by method, route and status.");
  std::uint64_t unknown_paths = 0;
  for (const Count& count : counts_) {
    const std::string status = std::to_string(count.status);
    const std::string_view route = count.route.empty() ? "none" : count.route;
    requests.add({{"method", count.method}, {"route", route}, {"status", status}}, count.requests);
    if (count.route.empty() && count.status == 404) unknown_paths += count.requests;
  }
  page.counter("throttle_num_404", "Requests to unknown resources.").add({}, unknown_paths);
}

void write_connections(const ConnectionCounts& counts, Exposition& page) {
  page.gauge("throttle_http_connections", "Open HTTP connections.").add({}, counts.open);
  page.counter("throttle_http_connections_accepted_total", "HTTP connections accepted.")
      .add({}, counts.accepted);
  page.counter("throttle_http_accept_errors_total", "HTTP connections that could not be accepted.")
      .add({}, counts.accept_errors);
  page.counter("throttle_http_timeouts_total", "HTTP connections closed for being silent or slow.")
      .add({}, counts.timed_out);
  page.gauge("throttle_parked_requests", "HTTP requests that wait for a grant.")
      .add({}, counts.parked);
}

void write_process(const ProcessFacts& facts, Exposition& page) {
  page.gauge("throttle_build_info", "Always 1; the labels say what runs.")
      .add({{"version", facts.version}}, std::uint64_t{1});
  const std::chrono::duration<double> since_epoch = facts.start.time_since_epoch();
  page.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.")
      .add({}, since_epoch.count());
}

void write_log(const Logger& logger, Exposition& page) {
  auto& lost =
      page.counter("throttle_log_lines_lost_total", "Log lines that were lost, by outlet.");
  for (const Logger::Outlet& outlet : logger.outlets())
    lost.add({{"sink", outlet.sink->name()}}, outlet.sink->lost());
}

}  // namespace throttle::telemetry
