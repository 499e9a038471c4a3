// The parts of the lease ledger and the moves that keep them in step; private to core. The rules
// that clients see (which refusal comes first) stand in lease_ledger.cc.
//
// Where a request is. A waiter stands in the list of one semaphore and is named by its one peer; a
// lease stands in its peer and is counted in its semaphore. Only enqueue(), unqueue(), hold() and
// end_lease() change either side, so the cached sums cannot drift.
//
// One grant loop. Whatever may have freed something (lease ended, waiter left, resize, grace over)
// marks the semaphore; settle() serves the marked ones. Marking first and serving afterwards keeps
// a peer that is removed in the same step from being granted anything on its way out.
//
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "libthrottle/core/deadline_queue.h"
#include "libthrottle/core/deadline_wheel.h"
#include "libthrottle/core/fair_turns.h"
#include "libthrottle/core/id_table.h"
#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/core/wide_sum.h"

namespace throttle {

using RecordSlot = std::uint32_t;
using WaiterSlot = std::uint32_t;
inline constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();

struct Lease {
  SemaphoreIndex semaphore = 0;
  Count count = 0;
  FencingToken token = 0;
  TimePoint since;
};

// What a peer wants of one semaphore.
struct Demand {
  SemaphoreIndex semaphore = 0;
  Count count = 0;
  LeaseLimits limits;
};

struct Waiter {
  PeerId peer = 0;
  SemaphoreIndex semaphore = 0;
  WaiterSlot older = kNoSlot;
  WaiterSlot newer = kNoSlot;
  Count count = 0;
  TimePoint since;
  Duration hold = kForever;
  std::uint64_t arrival = 0;
  Oversize oversize = Oversize::kRefused;
};

// Whether requests still move the deadline; if not, whether a hold limit is what it stands for.
enum class Lifetime : std::uint8_t { kRenewable, kFixed, kHoldLimited };

// What an id finds: all that a heartbeat, an acquire and a release touch of a peer with one lease,
// in a single cache line. A reference is good until a peer is added or removed.
struct alignas(64) Peer {
  PeerId id = 0;
  TimePoint deadline = kNever;
  Lease lease;               // the newest
  std::uint32_t leases = 0;  // how many; all but the newest stand in the record
  RecordSlot record = kNoSlot;
  WaiterSlot waiter = kNoSlot;
  Lifetime lifetime = Lifetime::kRenewable;
};
static_assert(sizeof(Peer) == 64);

// The rest of a peer; its place never changes.
struct PeerRecord : DeadlineWheel::Item {
  PeerId id = 0;
  std::vector<Lease> older_leases;
  std::unique_ptr<std::string> label;
  SocketAddress address;
};

struct Semaphore {
  SemaphoreSettings settings;
  bool retired = false;
  bool marked = false;  // in State::marked
  WideSum acquired;
  WideSum pending;
  std::size_t leases = 0;
  std::size_t waiting = 0;
  std::size_t pauses = 0;
  std::uint64_t granted = 0;
  WaiterSlot oldest = kNoSlot;
  WaiterSlot newest = kNoSlot;
  std::unique_ptr<FairTurns> turns;  // if and only if the order is kFair

  // The waiter that is served next; some waiter waits.
  WaiterSlot head() const {
    if (turns != nullptr) return turns->head();
    return settings.order == QueueOrder::kLifo ? newest : oldest;
  }
  // More than it could ever have at this size, and not content to wait for another.
  bool never_fits(Count count, Oversize oversize) const {
    return count > settings.full_count && oversize == Oversize::kRefused;
  }
  // Whether a lease of this count stands within the full count.
  bool fits(Count count) const { return count <= remainder(); }
  Count remainder() const;
  Count over_commit() const;
  // No longer configured, and nothing is left of it.
  bool gone() const { return retired && leases == 0; }
};

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};

struct LeaseLedger::State {
  explicit State(const Options& options);

  // --- looking up ---
  Peer& peer_of(const Waiter& waiter) { return *peers.find(waiter.peer); }
  Peer& peer_of(const DeadlineWheel::Item& item) {
    return *peers.find(static_cast<const PeerRecord&>(item).id);
  }
  PeerRecord& record_of(const Peer& peer) { return records[peer.record]; }
  // Null if no configuration ever named it.
  Semaphore* find_ever_configured(std::string_view name);
  // Known by this name: configured, or retired with leases. Null otherwise.
  Semaphore* find_semaphore(std::string_view name);
  // Configured now, so that leases on it may be granted. Null otherwise.
  Semaphore* find_configured(std::string_view name);
  SemaphoreIndex index_of(const Semaphore& semaphore) const;
  // Null if it holds none of it.
  const Lease* find_lease(const Peer& peer, SemaphoreIndex semaphore) const;
  // The oldest first; `number` < peer.leases.
  const Lease& lease_of(const Peer& peer, std::uint32_t number) const {
    const bool newest = number + 1 == peer.leases;
    return newest ? peer.lease : records[peer.record].older_leases[number];
  }
  // Of the locks it holds; absent if it holds none.
  std::optional<std::int32_t> lowest_level(const Peer& peer) const;
  SemaphoreState describe(const Semaphore& semaphore) const;
  // Whether anything may be granted on it now: the grace is over and nobody paused it.
  bool grants_open(const Semaphore& semaphore) const {
    return now >= grants_from && semaphore.pauses == 0;
  }

  // --- configuration ---
  void apply(const SemaphoreSettings& settings);
  // kNone while the waiter may be granted some day.
  Cause why_never_served(const Waiter& waiter) const;

  // --- peers ---
  PeerId fresh_id();
  Peer& add_peer(PeerId id, PeerSpec spec);
  void remove_peer(Peer& peer, Cause cause);
  static void set_label(PeerRecord& record, std::string label);
  void renew(Peer& peer, Duration time_to_live);
  void set_deadline(Peer& peer, TimePoint when);
  // The peer ends at now + hold, or at its deadline where that is earlier, and is not renewed.
  void limit_hold(Peer& peer, Duration hold);

  // --- leases and waiting ---
  void hold(Peer& peer, const Lease& lease);
  void end_lease(Peer& peer, const Lease* lease, Cause cause);
  // Grants at once if nobody stands before it and it fits.
  bool can_grant_at_once(const Semaphore& semaphore, Count count) const;
  FencingToken grant(Peer& peer, const Demand& demand, Duration waited);
  void enqueue(Peer& peer, const Demand& demand);
  // The client address whose turn a waiter belongs to in a fair queue.
  IpAddress client_of(const Waiter& waiter);
  // Gives a queue the structure of its order, with those who wait already.
  void arrange(Semaphore& semaphore);
  // Takes the waiter out of its queue and forgets it.
  void unqueue(WaiterSlot slot);
  // The same, and reports that the wait ended without a lease.
  void drop_waiter(WaiterSlot slot, Cause cause);

  static bool is_full(const Semaphore& semaphore) {
    return semaphore.waiting >= semaphore.settings.max_pending;
  }

  // --- the rules of the protocol ---
  AcquireStatus decide(const Semaphore& semaphore, const AcquireRequest& request,
                       AcquireOutcome& result);
  AcquireStatus admit(Peer& peer, const Demand& demand, FencingToken& token);
  void report_refusal(AcquireStatus status, const Semaphore& semaphore, PeerId peer, Count count);
  RestoreStatus confirm(Peer& peer, const RestoreRequest& request);
  void reinstate(Peer& peer, const HeldLock& lock);

  // --- proofs; the first violation, empty if none ---
  std::string check_peers() const;
  std::string check_peer(const Peer& peer) const;
  std::string check_queue(const Semaphore& semaphore) const;

  // --- turns ---
  // Lets time pass; then whoever is due is gone and whoever fits is granted.
  std::size_t advance(TimePoint to) {
    now = std::max(now, to);
    return may_be_due() ? remove_and_settle() : 0;
  }
  std::size_t remove_and_settle();
  // The half of it: whoever is due now is gone, but what that freed is not granted.
  std::size_t remove_due();
  // When advance() next has something to do, or earlier.
  TimePoint next_deadline() const {
    const TimePoint grace_end = grace_pending ? grants_from : kNever;
    return std::min(std::min(expiries.next(), wait_limits.next()), grace_end);
  }
  bool may_be_due() const { return next_deadline() <= now; }
  void settle() {
    if (!marked.empty()) serve_marked();
  }
  void serve_marked();
  void mark(SemaphoreIndex index);
  void mark_all();
  void serve(Semaphore& semaphore);
  FencingToken next_token();
  void report(const LedgerEvent& event) { events.push_back(event); }

  TimePoint now;
  TimePoint start;
  std::int64_t wall_ms;
  TimePoint grants_from;
  bool grace_pending;
  FencingToken last_token = 0;
  std::uint64_t arrivals = 0;  // requests that had to wait
  std::mt19937_64 random;

  std::vector<Semaphore> semaphores;
  tsl::robin_map<std::string, SemaphoreIndex, NameHash, std::equal_to<>> semaphore_by_name;
  std::vector<SemaphoreIndex> marked;

  IdTable<Peer> peers;
  Slab<PeerRecord> records;
  DeadlineWheel expiries;  // of records; the deadlines stand in the peers

  Slab<Waiter> waiters;
  DeadlineQueue wait_limits;  // by WaiterSlot; only those that have one

  std::vector<LedgerEvent> events;
};

}  // namespace throttle
