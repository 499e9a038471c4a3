// The parts of a ledger, and the moves that keep them in step.
//
//     Peers       who holds what                     Semaphores   how much is held, what has to be
//     Waiters     the requests that wait                          served
//     LedgerClock what time it is                    FencingCounter   the tokens
//
// Two sides. A lease is in its peer and is counted in its semaphore; a waiter is named by its one
// peer and is in the queue of its one semaphore. A part that changes has to change the other side
// too, so nobody gets at the parts: callers look at them, and change them by the moves below. Each
// move changes both sides, marks a semaphore on which something was freed, and reports what it did.
// So sums cannot drift, and nothing happens without an event.
//
//     grant, reinstate   peer holds, semaphore counts      kGranted, kRestored, kExcess
//     end_lease          the reverse, and marks            kLeaseEnded, kExcess
//     enqueue            queue and peer name the waiter    kQueued
//     grant_head         from the queue to a lease         kGranted
//     drop_waiter        out of the queue, and marks       kWaitEnded
//     remove_peer        all of the above, then the peer   kPeerRemoved
//
// The moves decide nothing. Which refusal comes first and what a repeated request means is in
// lease_ledger.cc and ledger_restore.cc; what a reload and an operator may do in ledger_control.cc;
// when time passes and who is granted in ledger_turn.cc.
//
// Private to core: no installed header includes this one. Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/barred_ids.h"
#include "libthrottle/core/fencing.h"
#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_clock.h"
#include "libthrottle/core/memory_reserve.h"
#include "libthrottle/core/peers.h"
#include "libthrottle/core/semaphores.h"
#include "libthrottle/core/waiters.h"

namespace throttle {

// What a peer wants of one semaphore.
struct Demand {
  SemaphoreIndex semaphore = 0;
  Count count = 0;
  LeaseLimits limits = {};
};

class LedgerState {
 public:
  explicit LedgerState(const LeaseLedger::Options& options);

  // --- looking up ---
  const Peers& peers() const { return peers_; }
  const Semaphores& semaphores() const { return semaphores_; }
  const Waiters& waiters() const { return waiters_; }
  const LedgerClock& clock() const { return clock_; }
  TimePoint now() const { return clock_.now(); }
  // Null if there is none.
  Peer* find_peer(PeerId peer) { return peers_.find(peer); }
  // As in Semaphores.
  const Semaphore* find_semaphore(std::string_view name) const { return semaphores_.find(name); }
  const Semaphore* find_configured(std::string_view name) const {
    return semaphores_.find_configured(name);
  }
  // Null if the peer does not wait for this semaphore.
  const Waiter* find_waiter(const Peer& peer, SemaphoreIndex semaphore) const;
  // Of the locks it holds; absent if it holds none.
  std::optional<std::int32_t> lowest_level(const Peer& peer) const;
  // Whether anything may be granted on it now: the grace is over and nobody paused it.
  bool grants_open(const Semaphore& semaphore) const {
    return clock_.grants_open() && pauses_of_all_ == 0 && !semaphore.paused();
  }
  bool paused(const Semaphore& semaphore) const { return pauses_of_all_ > 0 || semaphore.paused(); }
  // Whether the head of the queue is a request that may be granted now. Where it is true after an
  // operation, a wake-up was lost.
  bool head_fits(const Semaphore& semaphore) const {
    return semaphore.waiting() > 0 && grants_open(semaphore) &&
           semaphore.fits(waiters_[semaphore.head()].count);
  }
  // kNone while the waiter may be granted some day.
  Cause why_never_served(const Waiter& waiter) const;

  // --- peers ---
  PeerId fresh_id();
  // Whether there is memory for another peer.
  bool has_room() const { return !is_memory_short() && peers_.has_room(); }
  // A peer with an id that no peer has. There is room.
  Peer& add_peer(PeerId id, PeerSpec spec);
  // Ends its leases, the newest first, and its waiting.
  void remove_peer(Peer& peer, Cause cause);
  void set_label(Peer& peer, std::string_view label);
  // As in Peers; a `hold` begins now.
  void renew(Peer& peer, Duration time_to_live) { peers_.renew(peer, now(), time_to_live); }
  void prolong(Peer& peer, Duration time_to_live) { peers_.prolong(peer, now(), time_to_live); }
  void fix(Peer& peer) { peers_.fix(peer); }
  void end_at(Peer& peer, Duration hold) { peers_.end_at(peer, clock_.after(hold)); }
  void end_by_force(Peer& peer, Duration span) { peers_.end_by_force(peer, clock_.after(span)); }
  // As in BarredIds.
  bool bar(PeerId id, Duration span) { return barred_.add(id, clock_.after(span), now()); }
  bool is_barred(PeerId id) const { return barred_.has(id, now()); }

  // --- leases and waiting ---
  // The peer holds nothing of this semaphore and does not wait for it.
  FencingToken grant(Peer& peer, const Demand& demand, Duration waited);
  void reinstate(Peer& peer, SemaphoreIndex semaphore, Count count);
  void enqueue(Peer& peer, const Demand& demand);
  // Grants to the head of a queue in which somebody waits.
  void grant_head(SemaphoreIndex semaphore);
  // `lease` is one of the peer's own.
  void end_lease(Peer& peer, const Lease& lease, Cause cause);
  void drop_waiter(WaiterSlot slot, Cause cause);

  // --- configuration and pauses ---
  // Drops the waiters that can never be served now, and marks every semaphore.
  void configure(std::span<const SemaphoreSettings> configured);
  void pause(std::string_view name);
  void resume(std::string_view name);
  void pause_all();
  void resume_all();

  // --- time; for ledger_turn.h ---
  void pass_time(TimePoint to) { clock_.pass(to); }
  // When something is due, or earlier.
  TimePoint next_deadline() const {
    const TimePoint removal = clock_.removal(peers_.next_deadline());
    return std::min(std::min(removal, waiters_.next_deadline()), clock_.grace_end());
  }
  bool may_be_due() const { return next_deadline() <= now(); }
  // Only at the beginning of an operation, when next_deadline() is what its end promised.
  void notice_lateness();
  // Whatever is due now is gone, and what that freed is marked. Returns how many peers went.
  std::size_t remove_due();
  bool any_marked() const { return semaphores_.any_marked(); }
  const Semaphore& pop_marked() { return semaphores_.pop_marked(); }

  // --- reports ---
  // What is about a semaphore is reported when it is as the event says.
  void report(LedgerEvent&& event);
  // The same, of a peer that is known.
  void report(LedgerEvent&& event, const Peer& peer);
  std::vector<LedgerEvent>& events() { return events_; }

  // Proves each part, and that the parts sum up to the whole. The first violation, empty if none.
  // O(everything): for tests.
  std::string check() const;

 private:
  void hold(Semaphore& semaphore, Peer& peer, const Lease& lease);
  // Takes the waiter out of its queue and from its peer, and forgets it.
  Waiter unqueue(WaiterSlot slot);
  void drop_never_served(const Semaphore& semaphore);
  IpAddress client_of(const Waiter& waiter) const;
  void report_settings(const Semaphore& semaphore);
  // To be called where leases or the full count changed. `restored_by` is 0 for any other cause.
  void report_excess(Semaphore& semaphore, PeerId restored_by);

  std::string check_sums() const;
  std::string check_peer(const Peer& peer) const;

  LedgerClock clock_;
  FencingCounter tokens_;
  std::mt19937_64 random_;  // for ids
  Peers peers_;
  Semaphores semaphores_;
  Waiters waiters_;
  BarredIds barred_;
  std::size_t pauses_of_all_ = 0;  // in force; each is over with a resume_all()
  std::vector<LedgerEvent> events_;
};

}  // namespace throttle
