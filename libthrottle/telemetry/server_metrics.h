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

// What the HTTP server and the door count, filled in by whoever has them; all but the first two
// since the start.
struct HttpCounts {
  std::uint64_t open_connections = 0;
  std::uint64_t parked_requests = 0;
  std::uint64_t accepted_connections = 0;
  std::uint64_t accept_pauses = 0;    // all places were taken
  std::uint64_t refused_clients = 0;  // more connections than one client may have
  std::uint64_t accept_failures = 0;  // the system refused: out of descriptors, say
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t abandoned_requests = 0;

  // One sample of a family with one label; the text is static.
  struct Labelled {
    std::string_view label;
    std::uint64_t count = 0;
  };
  std::vector<Labelled> timeouts = {};    // by what the client was late with
  std::vector<Labelled> rejections = {};  // of what was no request, by status
};
void write_http(const HttpCounts& counts, Exposition& page);

// Build and start of the process.
struct ProcessFacts {
  std::string_view version;
  WallTime start;
};
void write_process(const ProcessFacts& facts, Exposition& page);

// How many lines each outlet lost.
void write_log(const Logger& logger, Exposition& page);

}  // namespace throttle::telemetry
