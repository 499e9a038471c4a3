// What a client may ask of the server, in bytes and in time; the defaults suit the lease protocol.
//
// Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/time.h"

namespace throttle::http {

struct Limits {
  // Longest request target. Beyond: 414.
  std::size_t target_bytes = 65'534;
  // Request line and headers together; room for the longest target and 16 KiB. Beyond: 431.
  std::size_t head_bytes = 80 * 1024;
  // Headers of a request. Beyond: 431.
  std::size_t header_count = 100;
  // Body without its transfer coding. Beyond: 413.
  std::size_t body_bytes = 2 * 1024 * 1024;

  // Of all bodies that are being received. A request that would take more is answered 503.
  std::size_t all_body_bytes = 256 * 1024 * 1024;

  // What is read ahead from a client whose current request is not answered yet; beyond, its bytes
  // wait in the socket. Exceeded by one read of the socket at most.
  std::size_t pipelined_bytes = 64 * 1024;
  // Responses that are gathered for one write. While a client has not taken them, its further
  // requests wait.
  std::size_t output_bytes = 128 * 1024;
  // Answers in pieces at a time (http/producer.h). A further one is answered 503. Each costs up to
  // a millisecond of a turn of the loop, so this also bounds how long a turn lasts.
  std::size_t flows = 8;
  // Further ones for monitoring, which readers of other long pages must not shut out.
  std::size_t monitoring_flows = 2;
  // Connections at a time. Further ones wait to be accepted.
  std::size_t connections = 20'000;
  // Connections of one client at a time. Further ones are closed at once.
  ConnectionLimiter::Config per_client = {};

  // From the first byte of a request to the end of its head, and from there to the end of its body.
  // Beyond: 408. The first byte of a connection, and its PROXY header, have head_time too.
  Duration head_time = std::chrono::seconds(10);
  Duration body_time = std::chrono::seconds(30);
  // Between requests; HTTP clients pool idle connections for up to 90 s. Beyond: closed.
  Duration idle_time = std::chrono::seconds(120);
  // For one write of responses to be taken by the client. Beyond: reset.
  Duration write_time = std::chrono::seconds(30);
  // For a whole answer in pieces to be taken by the client, as long as the producer has something
  // to send. Beyond: reset. One that its handler bounds has no such limit (FlowBound::kOwn).
  Duration flow_time = std::chrono::minutes(10);
  // For a client that was sent an error to read it before the connection is closed under it.
  Duration linger_time = std::chrono::seconds(2);

  bool operator==(const Limits&) const = default;
};

}  // namespace throttle::http
