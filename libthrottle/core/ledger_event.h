// What happened in the ledger, in order: observers (parked requests, metrics, journal, log) read it
// after the operation. They decide nothing, and the ledger never waits for them.
//
// Which peer. What is about a peer carries its client address and its label, so an observer can
// name a peer that is gone; except kRefused, whose peer the ledger may never have known, and
// kExcess.
// Which semaphore. What is about a semaphore says how that is after the event.
// Threads: values only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libthrottle/core/label.h"
#include "libthrottle/core/ledger_types.h"

namespace throttle {

enum class EventKind : std::uint8_t {
  kPeerAdded,
  kPeerRemoved,  // after the kLeaseEnded and kWaitEnded of what it had
  kQueued,       // a request waits
  kGranted,      // a request got its lease, at once or after `waited`
  kWaitEnded,    // a request left the queue without a lease
  kLeaseEnded,   // a lease is over after `held`
  kRestored,     // a lease came back; `excess` of its count is beyond the full count
  kRefused,      // an acquire was refused; `refusal` says why
  kLabelled,     // a peer got another label, or lost the one it had
  kConfigured,   // a semaphore is new, has other settings, or is retired
  kPaused,       // the first pause of a semaphore; of all together, if it names none
  kResumed,      // the last pause of a semaphore, or of all together, is over
  kWokenLate,    // time passed unnoticed, `waited` too long: nobody is removed for a while
  kExcess,       // what is held of a semaphore beyond its full count began, grew or ended; comes
                 // right after the event that made it so
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
  kForced,            // an operator ended it
};

struct LedgerEvent {
  EventKind kind = EventKind::kPeerAdded;
  Cause cause = Cause::kNone;
  AcquireStatus refusal = AcquireStatus::kAcquired;
  QueueOrder order = QueueOrder::kFifo;     // kConfigured
  SemaphoreIndex semaphore = kNoSemaphore;  // of what is about one semaphore
  std::int32_t level = 0;                   // kConfigured
  bool retired = false;                     // kConfigured: no longer configured
  SocketAddress client = {};                // of the peer
  PeerId peer = 0;                          // of what is about one peer
  Count count = 0;                          // kConfigured: the full count
  Count excess = 0;                         // kRestored: its part; kExcess: of the semaphore
  FencingToken token = 0;                   // kGranted, kLeaseEnded; 0 of a restored lease
  TimePoint at;
  Duration waited{};            // kGranted, kWaitEnded, kWokenLate
  Duration held{};              // kLeaseEnded; kExcess: how long it lasted, if it ended
  std::size_t max_pending = 0;  // kConfigured
  Label label = {};             // of the peer
  Count acquired = 0;           // of the semaphore, afterwards: the sum of its leases,
  Count full_count = 0;         // its full count,
  std::size_t waiting = 0;      // and how many requests wait for it
};

}  // namespace throttle
