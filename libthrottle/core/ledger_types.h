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
inline constexpr SemaphoreIndex kNoSemaphore = std::numeric_limits<SemaphoreIndex>::max();

// Which of several requests that wait is served first: the oldest, the newest, or each client
// address in turn (IPv6 by /64) and the oldest of it.
enum class QueueOrder : std::uint8_t { kFifo, kLifo, kFair };

// What happens to a request for more than a full count above zero: refused, or it waits for a
// reload to make the semaphore larger.
enum class Oversize : std::uint8_t { kRefused, kWaits };

// A semaphore as configured.
struct SemaphoreSettings {
  std::string name;
  Count full_count = 0;    // zero or less: closed, requests wait until it is raised
  std::int32_t level = 0;  // place in the lock hierarchy: a peer asks from high to low
  QueueOrder order = QueueOrder::kFifo;
  std::size_t max_pending = kDefaultMaxPending;  // how many requests may wait

  static constexpr std::size_t kDefaultMaxPending = 100'000;
  bool operator==(const SemaphoreSettings&) const = default;
};

// A participant to be. Its life lasts time_to_live past the last renewal, plus a little slack.
struct PeerSpec {
  Duration time_to_live = kForever;
  SocketAddress address = {};  // of the client that asked; shown to people, never compared
  std::string label = {};      // a text for people: whose it is, where it runs, what for
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

// What a later renewal of a peer does: move its deadline, or nothing. The life of a connection is
// its own, whatever somebody says over HTTP.
enum class Renewals : std::uint8_t { kAccepted, kIgnored };

// A new peer and its first lock in one step: on refusal there is no peer.
struct EnrollRequest {
  PeerSpec spec;
  std::string_view semaphore;
  Count count = 1;                  // zero is granted wherever the semaphore is not over-committed
  std::optional<PeerId> peer = {};  // absent: a fresh id. Must not exist yet
  LeaseLimits limits = {};
  Renewals renewals = Renewals::kAccepted;
};

// One lock that a peer says it holds.
struct HeldLock {
  std::string_view semaphore;
  Count count = 0;
};

enum class CountRule : std::uint8_t { kPositive, kZeroAllowed };

// A peer reports to a ledger that forgot it what it holds. No two of `held` name the same
// semaphore. A restored lease has no fencing token: it was not granted here.
struct RestoreRequest {
  PeerId peer = 0;
  PeerSpec spec;
  std::span<const HeldLock> held;
  CountRule count_rule = CountRule::kPositive;
};

enum class AcquireStatus : std::uint8_t {
  kAcquired,  // nothing of the peer is pending
  kPending,   // it is in a queue
  kUnknownSemaphore,
  kUnknownPeer,
  kCountNotPositive,
  kNeverFits,        // more than a full count above zero
  kShrinks,          // holds or awaits more of it already: not supported
  kGrows,            // holds or awaits less of it already
  kBreaksHierarchy,  // holds a lock at this level or below
  kOtherPending,     // waits for another semaphore already
  kQueueFull,        // max_pending requests wait, or there is no memory for another peer
};

struct AcquireOutcome {
  AcquireStatus status = AcquireStatus::kUnknownPeer;
  PeerId peer = 0;
  bool holds = false;           // the peer holds the named lock
  FencingToken token = 0;       // of the named lock, where it holds it and has one; else 0
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
  kRestored,          // the peer is back with what it held, beyond the full count if need be
  kAlreadyKnown,      // the same peer with the same locks; prolonged, never shortened
  kUnknownSemaphore,  // one is not configured; those that are have been restored, or are confirmed
  kCountNotPositive,
  kDiffers,   // the peer exists with other locks, or waits
  kTooLarge,  // a sum of leases would be beyond kMostRestored
  kBarred,    // the peer is not there, and an operator does not let it come back yet
};

// The largest sum of leases that a restore may bring a semaphore to.
inline constexpr Count kMostRestored = Count{1} << 62;

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
  FencingToken token = 0;  // 0 of what waits, and of a restored lease
  TimePoint since;         // when it was granted or restored, or became pending
};

// One peer at an instant; views are valid until the ledger is next changed or asked for a peer.
struct PeerState {
  PeerId id = 0;
  SocketAddress address;
  std::string_view label = {};
  TimePoint removal = kNever;  // when it is removed unless renewed
  std::span<const LeaseState> leases = {};
  std::optional<LeaseState> pending = {};
};

}  // namespace throttle
