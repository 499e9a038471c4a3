// One connection at a gate, as values: for its owner, for log lines and for pages.
//
// Threads: values only.
#pragma once

#include <cstdint>
#include <optional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/time.h"

namespace throttle::gate {

struct Visit {
  SocketAddress client;                      // the real one, if a PROXY header named it
  std::optional<SocketAddress> destination;  // that the client connected to, if a header named it
  PeerId peer = 0;                           // 0 before it is enrolled
  TimePoint accepted;
  TimePoint enrolled = kNever;
  TimePoint granted = kNever;
  std::uint64_t position = 0;  // how many others got a place while it waited
};

// A connection that waits, for people.
struct WaitingView {
  Visit visit;
  bool silent = false;  // not in the queue yet: it has not sent what it must send first
};

}  // namespace throttle::gate
