// Why a gate, or the service behind it, rejected a client.
//
// Threads: values only.
#pragma once

#include <cstdint>

namespace throttle::gate {

// Why a client was turned away.
enum class Refusal : std::uint8_t {
  kNone,
  kPerClient,
  kTooOften,  // new connections of this client
  kQueueFull,
  kQueueTimeout,
  kUpstreamDown,
  kExhausted,  // descriptors, memory or ports of ours
  kHook,
  kBadProxyHeader,
  kSilent,  // did not speak in time
  kKilled,  // its peer was deleted
  kShutDown,
};

}  // namespace throttle::gate
