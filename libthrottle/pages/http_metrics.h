// HTTP in numbers, for the metrics page: requests by route and status, and what the connections do.
// Threads: one, the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "libthrottle/httpd/counters.h"
#include "libthrottle/telemetry/exposition.h"

namespace throttle::pages {

// Answered requests by method, route and status. The route is the pattern, never the path, so that
// clients cannot multiply the samples.
class RequestMetrics {
 public:
  // All texts are static; `route` is empty for an unknown path or an unreadable request.
  void count(std::string_view method, std::string_view route, unsigned status);
  // Also throttle_num_404: requests to unknown paths.
  void write(telemetry::Exposition& page) const;

 private:
  struct Count {
    std::string_view method;
    std::string_view route;
    unsigned status;
    std::uint64_t requests;
  };
  std::vector<Count> counts_;  // the busiest in front, so that a search ends soon
};

// The connections of an HTTP server, and how many of their requests wait for their answer.
void write_http(const httpd::Counters& counters, std::size_t parked_requests,
                telemetry::Exposition& page);

}  // namespace throttle::pages
