// The families throttle_http_… of the metrics page.
#include "libthrottle/pages/http_metrics.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace throttle::pages {
namespace {

struct HttpTotal {
  std::string_view name;
  std::string_view help;
  std::uint64_t httpd::Counters::*value;
};

constexpr std::array<HttpTotal, 10> kHttpTotals = {{
    {"throttle_http_connections_accepted_total", "HTTP connections accepted.",
     &httpd::Counters::accepted_connections},
    {"throttle_http_accept_pauses_total", "Times that all connections allowed were in use.",
     &httpd::Counters::full},
    {"throttle_http_made_room_total", "Idle connections closed because another client waited.",
     &httpd::Counters::made_room},
    {"throttle_http_refused_clients_total",
     "Connections closed because their client had as many as it may.",
     &httpd::Counters::refused_clients},
    {"throttle_http_accept_failures_total", "Times that the system refused to accept.",
     &httpd::Counters::accept_failures},
    {"throttle_http_out_of_memory_total",
     "Connections closed because there was no memory for what they asked.",
     &httpd::Counters::out_of_memory},
    {"throttle_http_bad_proxy_headers_total",
     "Connections of load balancers closed because they sent no valid PROXY header in time.",
     &httpd::Counters::bad_proxy_headers},
    {"throttle_http_received_bytes_total", "Bytes read from HTTP clients.",
     &httpd::Counters::received_bytes},
    {"throttle_http_sent_bytes_total", "Bytes sent to HTTP clients.", &httpd::Counters::sent_bytes},
    {"throttle_http_abandoned_requests_total", "Requests whose client hung up before the answer.",
     &httpd::Counters::abandoned},
}};

struct Labelled {
  std::string_view label;
  std::uint64_t count;
};

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

void RequestMetrics::write(telemetry::Exposition& page) const {
  auto& requests = page.counter("throttle_http_requests_total",
                                "Answered HTTP requests by method, route and status. "
                                "throttle_http_refused_streams_total has those that became 503.");
  std::uint64_t unknown_paths = 0;
  for (const Count& count : counts_) {
    const std::string status = std::to_string(count.status);
    const std::string_view route = count.route.empty() ? "none" : count.route;
    requests.add({{"method", count.method}, {"route", route}, {"status", status}}, count.requests);
    if (count.route.empty() && count.status == 404) unknown_paths += count.requests;
  }
  page.counter("throttle_num_404", "Requests to unknown resources.").add({}, unknown_paths);
}

void write_http(const httpd::Counters& counters, std::size_t parked_requests,
                telemetry::Exposition& page) {
  page.gauge("throttle_http_connections", "Open HTTP connections.")
      .add({}, counters.open_connections);
  page.gauge("throttle_parked_requests", "HTTP requests that wait for a grant.")
      .add({}, std::uint64_t{parked_requests});
  page.gauge("throttle_http_streamed_answers", "Long answers that are being sent in pieces.")
      .add({}, std::uint64_t{counters.flows.open});
  page.counter("throttle_http_refused_streams_total",
               "Long answers refused because max_streamed_answers were being sent.")
      .add({}, counters.flows.refused);
  page.gauge("throttle_http_body_bytes", "Bodies that are being received.")
      .add({}, std::uint64_t{counters.bodies.taken});
  page.counter("throttle_http_refused_bodies_total",
               "Requests refused because all bodies together took max_all_body_bytes.")
      .add({}, counters.bodies.refused);
  for (const HttpTotal& total : kHttpTotals)
    page.counter(total.name, total.help).add({}, counters.*total.value);

  const auto& late = counters.timed_out;
  auto& timeouts = page.counter("throttle_http_timeouts_total",
                                "HTTP connections closed because the client was late.");
  for (const auto& [late_with, count] :
       {Labelled{"idle", late.idle}, Labelled{"head", late.head}, Labelled{"body", late.body},
        Labelled{"write", late.write}})
    timeouts.add({{"late_with", late_with}}, count);
  const auto& rejected = counters.rejected;
  auto& rejections =
      page.counter("throttle_http_rejections_total", "What was no HTTP request, by answer.");
  for (const auto& [status, count] :
       {Labelled{"400", rejected.malformed_400}, Labelled{"408", rejected.late_408},
        Labelled{"413", rejected.long_body_413}, Labelled{"414", rejected.long_target_414},
        Labelled{"431", rejected.long_head_431}})
    rejections.add({{"status", status}}, count);
}

}  // namespace throttle::pages
