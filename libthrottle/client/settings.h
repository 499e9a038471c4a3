// What the HTTP client is given: the server, time limits, and what it keeps. Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "libthrottle/core/address.h"
#include "libthrottle/core/time.h"

namespace throttle::client {

// How long each part of an exchange may take. kForever switches a limit off.
struct TimeLimits {
  Duration connect = std::chrono::seconds(10);  // to look the name up and to connect
  Duration head = std::chrono::seconds(30);     // from the request to the end of the answer's head
  Duration idle = std::chrono::seconds(30);     // between two pieces of the answer's body
  Duration whole = kForever;                    // from the beginning to the end
};

struct Settings {
  HostPort server = {};
  TimeLimits limits = {};
  // Longest body of a whole response; streamed ones have no limit.
  std::uint64_t body_bytes = std::uint64_t{16} * 1024 * 1024;
  // Connections that are kept for further requests, and for how long: less than the 90 s and more
  // for which servers keep them, so that it is rarely the server that closes.
  std::size_t kept_connections = 4;
  Duration keep_time = std::chrono::seconds(60);
};

}  // namespace throttle::client
