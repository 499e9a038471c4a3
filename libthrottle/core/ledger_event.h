// What happened in the ledger, in order: observers (parked requests, metrics, journal, log) read it
// after the operation. They decide nothing, and the ledger never waits for them.
// Threads: values only.
#pragma once

#include <cstdint>

#include "libthrottle/core/ledger_types.h"

namespace throttle {

enum class EventKind : std::uint8_t {
  kPeerAdded,
  kPeerRemoved,  // after the kLeaseEnded and kWaitEnded of what it had
  kQueued,       // a request waits
  kGranted,      // a request got its lease, at once or after `waited`
  kWaitEnded,    // a request left the queue without a lease
  kLeaseEnded,   // a lease is over after `held`
  kRestored,     // a lease came back; `excess` of its count stands beyond the full count
  kRefused,      // an acquire was refused; `refusal` says why
};

// Why a wait, a lease or a peer ended.
enum class Cause : std::uint8_t {
  kNone,
  kReleased,          // its peer released or cancelled it, or deleted itself
  kExpired,           // the peer was not renewed in time
  kHoldLimit,         // LeaseLimits::hold is over
  kWaitLimit,         // LeaseLimits::wait is over
  kNeverFits,         // the semaphore was made smaller than the request
  kBreaksHierarchy,   // a level was changed so that the request could deadlock
  kSemaphoreRemoved,  // the semaphore is no longer configured
};

struct LedgerEvent {
  EventKind kind = EventKind::kPeerAdded;
  Cause cause = Cause::kNone;
  AcquireStatus refusal = AcquireStatus::kAcquired;
  SemaphoreIndex semaphore = 0;  // not for kPeerAdded and kPeerRemoved
  PeerId peer = 0;
  Count count = 0;
  Count excess = 0;        // kRestored only
  FencingToken token = 0;  // kGranted, kRestored, kLeaseEnded
  TimePoint at;
  Duration waited{};          // kGranted, kWaitEnded
  Duration held{};            // kLeaseEnded
  SocketAddress client = {};  // kLeaseEnded by kExpired: where the peer came from
};

}  // namespace throttle
