// What a proxy is told to do: one [proxy.NAME] table of the configuration, or one command line.
//
// Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/time.h"

namespace throttle::proxy {

// What a client that is turned away hears.
enum class Rejection : std::uint8_t {
  kClose,  // nothing: the connection ends
  kReset,  // a reset
  kHttp,   // an HTTP response: 429 or 503 with Retry-After
};

// When a connection takes its place in the queue.
enum class ActivateOn : std::uint8_t {
  kConnect,
  kFirstByte,  // so that a port scan or a health probe runs no hook; for protocols where the client
               // speaks first
};

// Whether a client that shut down its sending side while it waited, after it had sent something,
// has left. It may as well be a client that has said all and wants the answer.
enum class HalfClosed : std::uint8_t { kIsServed, kHasLeft };

// The PROXY protocol header that the upstream is sent.
enum class SendProxy : std::uint8_t { kNone, kV1, kV2 };

// Commands, run by the system's shell; empty means none.
struct Hooks {
  // Before each activation; anything but exit 0 turns the client away.
  std::string before_activate = {};
  std::string on_timeout = {};  // after a connection reached its time-to-live
  std::string recycle = {};     // restarts the upstream, when nothing is connected to it
  Duration timeout = std::chrono::seconds(60);  // then the command is ended with all its children

  // When to recycle: after so many activations (0: never), and after a time-to-live was reached.
  std::size_t recycle_every = 0;
  bool recycle_after_timeout = false;
  // For the active connections to end before `recycle`.
  Duration recycle_drain_timeout = kForever;
  // For the upstream to answer again after `recycle`.
  Duration ready_timeout = std::chrono::seconds(60);

  bool operator==(const Hooks&) const = default;
};

struct Settings {
  std::string name = {};      // of the proxy in logs and metrics
  HostPort listen = {"", 0};  // an empty host: all addresses
  HostPort upstream = {"localhost", 0};
  std::string semaphore = {};  // whose leases the connections are; empty: `name`

  Count max_connections = 1;  // of a semaphore of its own; 0 pauses it
  QueueOrder queue_order = QueueOrder::kFifo;
  std::size_t max_queue = 10'000;
  Duration queue_timeout = kForever;                   // waiting for a place
  Duration connect_timeout = std::chrono::seconds(5);  // retries included
  Duration idle_timeout = kForever;                    // without a byte in either direction
  // After the upstream ended its side: without a byte of the client, which may not have noticed.
  Duration close_timeout = std::chrono::minutes(1);
  Duration time_to_live = kForever;                   // from the activation
  Duration drain_timeout = std::chrono::seconds(30);  // for active connections at a stop

  Hooks hooks = {};
  ActivateOn activate_on = ActivateOn::kConnect;
  HalfClosed half_closed = HalfClosed::kIsServed;

  ConnectionLimiter::Config client_limits = {};  // waiting and active connections together
  Rejection rejection = Rejection::kClose;

  SendProxy send_proxy = SendProxy::kNone;
  std::vector<IpNetwork> accept_proxy = {};  // from whom a PROXY protocol header is required
  Duration proxy_header_timeout = std::chrono::seconds(5);  // for it to arrive

  // What is kept of a client that speaks while it waits; then it is left to wait in its socket.
  std::size_t waiting_bytes = 16 * 1024;

  const std::string& semaphore_name() const { return semaphore.empty() ? name : semaphore; }
  bool operator==(const Settings&) const = default;
};

}  // namespace throttle::proxy
