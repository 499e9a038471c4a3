// What the lease ledger is asked and what it answers. The rules are those of the HTTP contract of
// the published clients (docs/design/0001-ledger.md); every refusal is a value, and changes nothing
// but deadlines.
// Threads: values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/time.h"

namespace throttle {

using PeerId = std::uint64_t;        // new ones are drawn from 53 bits: exact in every JSON reader
using Count = std::int64_t;          // how much of a semaphore; never negative in a lease
using FencingToken = std::uint64_t;  // 53 bits, strictly increasing from grant to grant; 0 is none
using SemaphoreIndex = std::uint32_t;  // names a semaphore as long as the ledger lives

// Who of several that wait is served first: the oldest, the newest, or each client address in turn
// (IPv6 by /64) and the oldest of it.
enum class QueueOrder : std::uint8_t { kFifo, kLifo, kFair };

// What happens to a request for more than the full count: refused, or it waits for a reload to make
// the semaphore larger (a proxy whose limit is 0 is paused, and keeps its queue).
enum class Oversize : std::uint8_t { kRefused, kWaits };

// A semaphore as configured.
struct SemaphoreSettings {
  std::string name;
  Count full_count = 0;    // zero or less: no lease ever fits
  std::int32_t level = 0;  // place in the lock hierarchy: a peer asks from high to low
  QueueOrder order = QueueOrder::kFifo;
  std::size_t max_pending = kDefaultMaxPending;  // how many requests may wait

  static constexpr std::size_t kDefaultMaxPending = 100'000;
  bool operator==(const SemaphoreSettings&) const = default;
};

// A participant to be. Its life lasts time_to_live past the last renewal, plus a little slack.
struct PeerSpec {
  Duration time_to_live = kForever;
  SocketAddress address;  // who asked; shown to people, never compared
  std::string label;      // who, where, why; shown to people
};

// Limits of a lease that its peer cannot prolong: what a TCP connection needs.
struct LeaseLimits {
  Duration wait = kForever;  // from the request; then the request is dropped
  Duration hold = kForever;  // from the grant; then the peer is removed, to the tick
  Oversize oversize = Oversize::kRefused;
};

// Existing peers ask for locks one at a time.
struct AcquireRequest {
  PeerId peer = 0;
  std::string_view semaphore;
  Count count = 1;
  std::optional<Duration> expires_in = {};  // renews the peer, also where the request is refused
  LeaseLimits limits = {};
};

// A new peer and its first lock in one step: on refusal there is no peer.
struct EnrollRequest {
  PeerSpec spec;
  std::string_view semaphore;
  Count count = 1;                  // zero is granted wherever the semaphore is not over-committed
  std::optional<PeerId> peer = {};  // absent: a fresh id. Must not exist yet
  LeaseLimits limits = {};
};

// One lock that a peer says it holds.
struct HeldLock {
  std::string_view semaphore;
  Count count = 0;
};

enum class CountRule : std::uint8_t { kPositive, kZeroAllowed };

// A peer tells a ledger that forgot it what it holds. No two of `held` name the same semaphore.
struct RestoreRequest {
  PeerId peer = 0;
  PeerSpec spec;
  std::span<const HeldLock> held;
  CountRule count_rule = CountRule::kPositive;
};

enum class AcquireStatus : std::uint8_t {
  kAcquired,  // nothing of the peer is pending
  kPending,   // it stands in a queue
  kUnknownSemaphore,
  kUnknownPeer,
  kCountNotPositive,
  kNeverFits,        // more than the full count
  kShrinks,          // holds or awaits more of it already: not supported
  kGrows,            // holds or awaits less of it already
  kBreaksHierarchy,  // holds a lock at this level or below
  kOtherPending,     // waits for another semaphore already
  kQueueFull,        // max_pending requests wait
};

struct AcquireOutcome {
  AcquireStatus status = AcquireStatus::kUnknownPeer;
  PeerId peer = 0;
  FencingToken token = 0;       // of the named lock where it is held, else 0
  Count full_count = 0;         // of the semaphore, where it is known
  std::int32_t level = 0;       // of the semaphore, where it is known
  std::int32_t held_level = 0;  // kBreaksHierarchy: the lowest level held
};

enum class ReleaseStatus : std::uint8_t {
  kReleased,   // held, and is not any more
  kCancelled,  // waited, and does not any more
  kNotHeld,    // nothing to do
  kUnknownSemaphore,
  kUnknownPeer,
};

enum class RestoreStatus : std::uint8_t {
  kRestored,      // the peer is back with what it held, beyond the full count if need be
  kAlreadyKnown,  // the same peer with the same locks; prolonged, never shortened
  kUnknownSemaphore,
  kCountNotPositive,
  kDiffers,    // the peer exists with other locks, or waits
  kNeverFits,  // one count is more than the full count
};

enum class Presence : std::uint8_t { kUnknown, kKnown };

// One semaphore at an instant.
struct SemaphoreState {
  std::string_view name;  // valid until the next configure()
  SemaphoreIndex index = 0;
  Count full_count = 0;
  Count acquired = 0;         // sum of the leases
  Count pending = 0;          // sum of the counts that wait
  std::size_t waiting = 0;    // how many requests wait
  Duration longest_wait{};    // of those that wait now
  std::uint64_t granted = 0;  // grants since the start
  bool paused = false;        // nothing is granted until it is resumed
  bool retired = false;       // no longer configured; lives until its last lease ends
};

struct LeaseState {
  std::string_view semaphore;
  Count count = 0;
  FencingToken token = 0;
  TimePoint since;  // when it was granted, or became pending
};

// One peer at an instant; views are valid until the ledger is next changed.
struct PeerState {
  PeerId id = 0;
  SocketAddress address;
  std::string_view label = {};
  TimePoint removal = kNever;  // when it is removed unless renewed
  std::span<const LeaseState> leases = {};
  std::optional<LeaseState> pending = {};
};

}  // namespace throttle
