// What a peer may bring back that says what it held, in a ledger that forgot it: the rules of
// LeaseLedger::restore(). The journal is never read back; this is all that a restart is healed by.
#include <algorithm>
#include <utility>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_state.h"
#include "libthrottle/core/ledger_turn.h"

namespace throttle {

namespace {

bool would_overflow(const LedgerState& state, const HeldLock& lock) {
  const Count held = state.find_configured(lock.semaphore)->acquired().value();
  return lock.count > kMostRestored || held > kMostRestored - lock.count;
}

bool holds(const LedgerState& state, const Peer& peer, const HeldLock& lock) {
  const SemaphoreIndex index = state.find_configured(lock.semaphore)->index();
  const Lease* const lease = state.peers().find_lease(peer, index);
  return lease != nullptr && lease->count == lock.count;
}

// The peer was never forgotten: if it says what the ledger says, it is prolonged.
RestoreStatus confirm(LedgerState& state, Peer& peer, const RestoreRequest& request) {
  const bool same = !peer.waits() && peer.leases() == request.held.size() &&
                    std::all_of(request.held.begin(), request.held.end(),
                                [&](const HeldLock& lock) { return holds(state, peer, lock); });
  if (!same) return RestoreStatus::kDiffers;
  state.prolong(peer, request.spec.time_to_live);
  return RestoreStatus::kAlreadyKnown;
}

// All locks are of configured semaphores. What is beyond the full count is restored too: the limit
// may have been lowered while the lease was held.
RestoreStatus bring_back(LedgerState& state, RestoreRequest request) {
  if (Peer* const known = state.find_peer(request.peer)) return confirm(state, *known, request);
  if (state.is_barred(request.peer)) return RestoreStatus::kBarred;
  for (const HeldLock& lock : request.held) {
    if (would_overflow(state, lock)) return RestoreStatus::kTooLarge;
  }
  Peer& peer = state.add_peer(request.peer, std::move(request.spec));
  for (const HeldLock& lock : request.held)
    state.reinstate(peer, state.find_configured(lock.semaphore)->index(), lock.count);
  return RestoreStatus::kRestored;
}

}  // namespace

RestoreStatus LeaseLedger::restore(TimePoint now, RestoreRequest request) {
  const Turn turn(*state_, now);
  const Count least = request.count_rule == CountRule::kPositive ? 1 : 0;
  std::vector<HeldLock> configured;
  bool all_valid = true;
  for (const HeldLock& lock : request.held) {
    all_valid = all_valid && lock.count >= least;
    if (state_->find_configured(lock.semaphore) != nullptr) configured.push_back(lock);
  }
  // The lease on a semaphore that is gone protects nothing any more; the others are facts.
  const bool some_unknown = configured.size() < request.held.size();
  if (!all_valid || (some_unknown && configured.empty())) {
    return some_unknown ? RestoreStatus::kUnknownSemaphore : RestoreStatus::kCountNotPositive;
  }
  request.held = configured;
  const RestoreStatus status = bring_back(*state_, std::move(request));
  if (status == RestoreStatus::kBarred) return status;
  return some_unknown ? RestoreStatus::kUnknownSemaphore : status;
}

}  // namespace throttle
