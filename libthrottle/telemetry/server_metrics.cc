#include "libthrottle/telemetry/server_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

namespace throttle::telemetry {
namespace {

struct HttpTotal {
  std::string_view name;
  std::string_view help;
  std::uint64_t HttpCounts::*value;
};

constexpr std::array<HttpTotal, 7> kHttpTotals = {{
    {"throttle_http_connections_accepted_total", "HTTP connections accepted.",
     &HttpCounts::accepted_connections},
    {"throttle_http_accept_pauses_total", "Times that all connections allowed were in use.",
     &HttpCounts::accept_pauses},
    {"throttle_http_refused_clients_total",
     "Connections closed because their client had as many as it may.",
     &HttpCounts::refused_clients},
    {"throttle_http_accept_failures_total", "Times that the system refused to accept.",
     &HttpCounts::accept_failures},
    {"throttle_http_received_bytes_total", "Bytes read from HTTP clients.",
     &HttpCounts::received_bytes},
    {"throttle_http_sent_bytes_total", "Bytes sent to HTTP clients.", &HttpCounts::sent_bytes},
    {"throttle_http_abandoned_requests_total", "Requests whose client hung up before the answer.",
     &HttpCounts::abandoned_requests},
}};

}  // namespace

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

void write_http(const HttpCounts& counts, Exposition& page) {
  page.gauge("throttle_http_connections", "Open HTTP connections.")
      .add({}, counts.open_connections);
  page.gauge("throttle_parked_requests", "HTTP requests that wait for a grant.")
      .add({}, counts.parked_requests);
  for (const HttpTotal& total : kHttpTotals)
    page.counter(total.name, total.help).add({}, counts.*total.value);

  auto& timeouts = page.counter("throttle_http_timeouts_total",
                                "HTTP connections closed because the client was late.");
  for (const auto& [late_with, count] : counts.timeouts)
    timeouts.add({{"late_with", late_with}}, count);
  auto& rejections =
      page.counter("throttle_http_rejections_total", "What was no HTTP request, by answer.");
  for (const auto& [status, count] : counts.rejections)
    rejections.add({{"status", status}}, count);
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
