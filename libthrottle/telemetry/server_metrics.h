// What the server itself has to tell on the metrics page: HTTP requests and connections, the
// process, and the log.
// Threads: one, the loop's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "libthrottle/telemetry/exposition.h"
#include "libthrottle/telemetry/logger.h"

namespace throttle::telemetry {

// Answered requests by method, route and status. The route is the pattern, never the path, so that
// clients cannot multiply the samples.
class RequestMetrics {
 public:
  // All texts are static; `route` is empty for an unknown path or an unreadable request.
  void count(std::string_view method, std::string_view route, unsigned status);
  // Also throttle_num_404: requests to unknown paths.
  void write(Exposition& page) const;

 private:
  struct Count {
    std::string_view method;
    std::string_view route;
    unsigned status;
    std::uint64_t requests;
  };
  std::vector<Count> counts_;  // the busiest in front, so that a search ends soon
};

// Numbers of the HTTP server and the door at this instant, filled in by whoever has them.
struct ConnectionCounts {
  std::uint64_t open = 0;
  std::uint64_t accepted = 0;       // since the start, as all below
  std::uint64_t accept_errors = 0;  // out of descriptors, say
  std::uint64_t timed_out = 0;      // closed because the client was silent or slow
  std::uint64_t parked = 0;         // requests that wait for a grant, at this instant
};
void write_connections(const ConnectionCounts& counts, Exposition& page);

// Build and start of the process.
struct ProcessFacts {
  std::string_view version;
  WallTime start;
};
void write_process(const ProcessFacts& facts, Exposition& page);

// How many lines each outlet lost.
void write_log(const Logger& logger, Exposition& page);

}  // namespace throttle::telemetry
