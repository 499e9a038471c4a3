// The settings of a proxy: one [proxy.NAME] table of the configuration, or one command line.
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
#include "libthrottle/gate/settings.h"

namespace throttle::proxy {

// The PROXY protocol header that the upstream is sent.
enum class SendProxy : std::uint8_t { kNone, kV1, kV2 };

// When the upstream is tried without a client, beside recyclings and what /ready asks for.
enum class UpstreamCheck : std::uint8_t {
  kNone,
  kStart,  // once by a connection, when the proxy starts or gets another upstream
};

// Commands, run by the system's shell; empty means none.
struct Hooks {
  // Before each activation; anything but exit 0 turns the client away.
  std::string before_activate = {};
  std::string on_timeout = {};  // after a connection reached its time-to-live
  std::string recycle = {};     // restarts the upstream, when nothing is connected to it
  // After that it is run until it succeeds, instead of trial connections.
  std::string ready = {};
  Duration timeout = std::chrono::seconds(60);  // then the command is ended with all its children

  // When to recycle: after this number of activations (0: never), and after a time-to-live was
  // reached.
  std::size_t recycle_every = 0;
  bool recycle_after_timeout = false;
  // For the active connections to end before `recycle`.
  Duration recycle_drain_timeout = kForever;
  // For the upstream to answer again after `recycle`.
  Duration ready_timeout = std::chrono::seconds(60);
  // How long a trial connection to it has to stay open, unless the upstream says something; 0: it
  // only has to be accepted.
  Duration ready_stay = std::chrono::milliseconds(250);

  bool operator==(const Hooks&) const = default;
};

struct Settings {
  std::string name = {};                     // of the proxy in logs and metrics
  std::vector<HostPort> listen = {};         // not empty; an empty host: all addresses
  unsigned socket_mode = gate::kSocketMode;  // permissions of the Unix sockets among them
  HostPort upstream = {"localhost", 0};
  UpstreamCheck upstream_check = UpstreamCheck::kStart;
  std::string semaphore = {};  // whose leases the connections are; empty: `name`

  Count max_connections = 1;  // of a semaphore of its own; 0 pauses it
  // Places beyond them for each client that has one already, for the whole proxy at most this
  // number times max_connections.
  std::size_t extra_per_client = 0;
  QueueOrder queue_order = QueueOrder::kFifo;
  std::size_t max_queue = 10'000;
  Duration queue_timeout = kForever;                   // waiting for a place
  Duration connect_timeout = std::chrono::seconds(5);  // retries included
  Duration idle_timeout = kForever;                    // without a byte in either direction
  // The same, but it ends only while others wait for a place.
  Duration idle_timeout_when_queued = kForever;
  // After the upstream ended its side: without a byte of the client, which may not have noticed.
  Duration close_timeout = std::chrono::minutes(1);
  // Without an acknowledgement of what the client or the upstream was sent.
  Duration vanish_timeout = std::chrono::minutes(1);
  Duration time_to_live = kForever;                   // from the activation
  Duration drain_timeout = std::chrono::seconds(30);  // for active connections at a stop

  Hooks hooks = {};
  gate::ActivateOn activate_on = gate::ActivateOn::kConnect;
  gate::HalfClosed half_closed = gate::HalfClosed::kIsServed;
  Duration first_byte_timeout = std::chrono::minutes(1);  // with ActivateOn::kFirstByte

  ConnectionLimiter::Config client_limits = {};  // waiting and active connections together
  gate::MaxRate max_rate = {};                   // of new connections
  std::string reject_text = {};                  // sent to a client that is rejected, instead of:
  gate::Rejection rejection = gate::Rejection::kClose;

  SendProxy send_proxy = SendProxy::kNone;
  std::vector<IpNetwork> accept_proxy = {};  // whose connections begin with a PROXY header
  Duration proxy_header_timeout = std::chrono::seconds(5);  // for it to arrive

  // What is kept of a client that speaks while it waits; then it is left to wait in its socket.
  std::size_t waiting_bytes = 16 * 1024;

  const std::string& semaphore_name() const { return semaphore.empty() ? name : semaphore; }
  // Of the extra places, if there are any.
  std::string extra_semaphore_name() const { return name + "/extra"; }
  bool operator==(const Settings&) const = default;
};

}  // namespace throttle::proxy
