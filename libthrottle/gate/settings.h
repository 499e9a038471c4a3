// How a gate treats the clients that wait at it, and those that it rejects.
//
// Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/core/time.h"

namespace throttle::gate {

// What a client that is rejected receives.
enum class Rejection : std::uint8_t {
  kClose,  // nothing: the connection ends
  kReset,  // a reset
  kHttp,   // an HTTP response: 429 or 503 with Retry-After
};

// When a connection joins the queue.
enum class ActivateOn : std::uint8_t {
  kConnect,
  kFirstByte,  // so that a port scan or a health probe runs no hook; for protocols in which the
               // client speaks first
};

// Whether a client has left that shut down its sending side while it waited, after it had sent
// something. It may as well be a client that has sent its request and wants the answer.
enum class HalfClosed : std::uint8_t { kIsServed, kHasLeft };

// New connections of one client: at most this number at once, and then one each time that this
// number of parts of `time` gives. 0: any number.
struct MaxRate {
  std::size_t connections = 0;
  Duration time = std::chrono::seconds(1);  // above zero
  bool operator==(const MaxRate&) const = default;
};

// Left to all others when connections are taken.
inline constexpr std::size_t kSpareDescriptors = 64;

// Of the file of a Unix socket: its owner and its group may connect.
inline constexpr unsigned kSocketMode = 0660;

struct Options {
  std::string semaphore = {};  // configured in the ledger; each connection takes 1 of it
  // A client that has a place may have this number of extra ones, each 1 of that semaphore, which
  // is configured then too.
  std::size_t extra_per_client = 0;
  std::string extra_semaphore = {};
  std::string label = {};  // of the peers, for people
  Duration queue_timeout = kForever;
  HalfClosed half_closed = HalfClosed::kIsServed;
  ActivateOn activate_on = ActivateOn::kConnect;
  Rejection rejection = Rejection::kClose;
  std::string reject_text = {};  // sent to a client that is rejected, instead of `rejection`
  std::vector<IpNetwork> accept_proxy = {};  // whose connections begin with a PROXY header
  Duration proxy_header_timeout = std::chrono::seconds(5);
  // Of those that have to send something first (ActivateOn::kFirstByte); they are not in the queue.
  // One more takes the room of the one that has been silent for longest.
  std::size_t max_silent = 10'000;
  Duration silence_timeout = std::chrono::minutes(1);
  std::size_t waiting_bytes = 16 * 1024;  // kept of a client that waits; one read more at most
  // Connections of one client, waiting or admitted, by its real address.
  ConnectionLimiter::Config client_limits = {};
  MaxRate max_rate = {};                          // of each of these clients
  Duration keepalive = std::chrono::seconds(60);  // when a silent client is probed
  unsigned socket_mode = kSocketMode;             // permissions of the files of Unix sockets
  std::size_t spare_descriptors = kSpareDescriptors;
};

}  // namespace throttle::gate
