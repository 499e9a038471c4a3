// What an HTTP server has done so far, for metrics. Threads: values only.
#pragma once

#include <cstdint>

#include "libthrottle/http/body_budget.h"
#include "libthrottle/http/flow.h"

namespace throttle::httpd {

struct Counters {
  std::uint64_t open_connections = 0;  // at this moment; all others only grow
  std::uint64_t accepted_connections = 0;
  std::uint64_t full = 0;               // times that all places were taken and accepting paused
  std::uint64_t made_room = 0;          // idle connections closed for another one
  std::uint64_t refused_clients = 0;    // connections beyond what one client may have
  std::uint64_t accept_failures = 0;    // times that the system refused to accept
  std::uint64_t bad_proxy_headers = 0;  // connections closed for want of a valid PROXY header

  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t requests = 0;       // handed to the receiver
  std::uint64_t abandoned = 0;      // whose client hung up before the response
  std::uint64_t out_of_memory = 0;  // connections closed because there was none for what they said

  http::Flows flows = {};        // answers in pieces
  http::BodyBudget bodies = {};  // of requests that are being received

  // Connections closed because a time limit was over.
  struct TimeOuts {
    std::uint64_t idle = 0;
    std::uint64_t head = 0;
    std::uint64_t body = 0;
    std::uint64_t write = 0;  // also of answers in pieces that took too long as a whole
  } timed_out;

  // Requests that never reached the receiver, by the status of their answer.
  struct Rejections {
    std::uint64_t malformed_400 = 0;
    std::uint64_t late_408 = 0;
    std::uint64_t long_body_413 = 0;
    std::uint64_t long_target_414 = 0;
    std::uint64_t long_head_431 = 0;
  } rejected;
};

}  // namespace throttle::httpd
