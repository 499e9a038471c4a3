// The rules of the lease protocol, on the moves of ledger_state.h: which refusal comes first, and
// what a repeated request means.
#include "libthrottle/core/lease_ledger.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/ledger_state.h"

namespace throttle {

namespace {

// One operation: time passes before it, what it freed is handed on after it, and a life or a wait
// of 0 ms that it asked for ends with it.
class Turn {
 public:
  Turn(LeaseLedger::State& state, TimePoint now) : state_(state) { state_.advance(now); }
  ~Turn() {
    state_.settle();
    state_.advance(state_.now);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  LeaseLedger::State& state_;
};

AcquireOutcome outcome(AcquireStatus status, PeerId peer, const Semaphore* semaphore) {
  AcquireOutcome result{.status = status, .peer = peer};
  if (semaphore != nullptr) {
    result.full_count = semaphore->settings.full_count;
    result.level = semaphore->settings.level;
  }
  return result;
}

// What a peer that holds or awaits `has` of a semaphore gets for asking `asked` of it again.
AcquireStatus repeated(const Peer& peer, Count has, Count asked) {
  if (asked < has) return AcquireStatus::kShrinks;
  if (asked > has) return AcquireStatus::kGrows;
  return peer.waiter == kNoSlot ? AcquireStatus::kAcquired : AcquireStatus::kPending;
}

}  // namespace

LeaseLedger::LeaseLedger() : LeaseLedger(Options{}) {}
LeaseLedger::LeaseLedger(const Options& options) : state_(std::make_unique<State>(options)) {}
LeaseLedger::~LeaseLedger() = default;

// --- configuration ---

void LeaseLedger::State::apply(const SemaphoreSettings& settings) {
  const auto [entry, added] =
      semaphore_by_name.try_emplace(settings.name, static_cast<SemaphoreIndex>(semaphores.size()));
  if (added) semaphores.emplace_back();
  Semaphore& semaphore = semaphores[entry->second];
  semaphore.settings = settings;
  semaphore.retired = false;
  arrange(semaphore);
}

Cause LeaseLedger::State::why_never_served(const Waiter& waiter) const {
  const Semaphore& semaphore = semaphores[waiter.semaphore];
  if (semaphore.retired) return Cause::kSemaphoreRemoved;
  if (semaphore.never_fits(waiter.count, waiter.oversize)) return Cause::kNeverFits;
  const auto lowest = lowest_level(*peers.find(waiter.peer));
  if (lowest && *lowest <= semaphore.settings.level) return Cause::kBreaksHierarchy;
  return Cause::kNone;
}

void LeaseLedger::configure(TimePoint now, std::span<const SemaphoreSettings> semaphores) {
  State& state = *state_;
  state.now = std::max(state.now, now);
  state.remove_due();
  for (Semaphore& semaphore : state.semaphores)
    semaphore.retired = true;
  for (const SemaphoreSettings& settings : semaphores)
    state.apply(settings);
  for (const Semaphore& semaphore : state.semaphores) {
    for (WaiterSlot slot = semaphore.oldest; slot != kNoSlot;) {
      const WaiterSlot next = state.waiters[slot].newer;
      const Cause cause = state.why_never_served(state.waiters[slot]);
      if (cause != Cause::kNone) state.drop_waiter(slot, cause);
      slot = next;
    }
  }
  state.mark_all();
  state.settle();
  state.advance(now);
}

// --- peers ---

PeerId LeaseLedger::add_peer(TimePoint now, PeerSpec spec) {
  const Turn turn(*state_, now);
  const PeerId id = state_->fresh_id();
  state_->add_peer(id, std::move(spec));
  return id;
}

Presence LeaseLedger::heartbeat(TimePoint now, PeerId peer, Duration time_to_live) {
  const Turn turn(*state_, now);
  Peer* const known = state_->peers.find(peer);
  if (known == nullptr) return Presence::kUnknown;
  state_->renew(*known, time_to_live);
  return Presence::kKnown;
}

Presence LeaseLedger::remove_peer(TimePoint now, PeerId peer) {
  const Turn turn(*state_, now);
  Peer* const known = state_->peers.find(peer);
  if (known == nullptr) return Presence::kUnknown;
  state_->remove_peer(*known, Cause::kReleased);
  return Presence::kKnown;
}

void LeaseLedger::set_label(PeerId peer, std::string_view label) {
  const Peer* const known = state_->peers.find(peer);
  if (known != nullptr) State::set_label(state_->record_of(*known), std::string(label));
}

// --- acquiring ---

AcquireOutcome LeaseLedger::acquire(TimePoint now, const AcquireRequest& request) {
  const Turn turn(*state_, now);
  Semaphore* const semaphore = state_->find_configured(request.semaphore);
  AcquireOutcome result = outcome(AcquireStatus::kUnknownSemaphore, request.peer, semaphore);
  if (semaphore == nullptr) return result;
  result.status = state_->decide(*semaphore, request, result);
  const bool refused =
      result.status != AcquireStatus::kAcquired && result.status != AcquireStatus::kPending;
  if (refused) state_->report_refusal(result.status, *semaphore, request.peer, request.count);
  return result;
}

// The refusals in the order of the protocol; then the lock, or a place in the queue.
AcquireStatus LeaseLedger::State::decide(const Semaphore& semaphore, const AcquireRequest& request,
                                         AcquireOutcome& result) {
  if (semaphore.never_fits(request.count, request.limits.oversize)) {
    return AcquireStatus::kNeverFits;
  }
  Peer* const known = peers.find(request.peer);
  if (request.expires_in) {
    if (known == nullptr) return AcquireStatus::kUnknownPeer;
    renew(*known, *request.expires_in);
  }
  if (request.count < 1) return AcquireStatus::kCountNotPositive;
  if (known == nullptr) return AcquireStatus::kUnknownPeer;

  Peer& peer = *known;
  const SemaphoreIndex index = index_of(semaphore);
  if (const Lease* lease = find_lease(peer, index)) {
    result.token = lease->token;
    return repeated(peer, lease->count, request.count);
  }
  if (peer.waiter != kNoSlot && waiters[peer.waiter].semaphore == index) {
    return repeated(peer, waiters[peer.waiter].count, request.count);
  }
  if (const auto lowest = lowest_level(peer); lowest && *lowest <= semaphore.settings.level) {
    result.held_level = *lowest;
    return AcquireStatus::kBreaksHierarchy;
  }
  if (peer.waiter != kNoSlot) return AcquireStatus::kOtherPending;
  return admit(peer, {index, request.count, request.limits}, result.token);
}

AcquireStatus LeaseLedger::State::admit(Peer& peer, const Demand& demand, FencingToken& token) {
  const Semaphore& semaphore = semaphores[demand.semaphore];
  if (can_grant_at_once(semaphore, demand.count)) {
    token = grant(peer, demand, Duration::zero());
    return AcquireStatus::kAcquired;
  }
  if (is_full(semaphore)) return AcquireStatus::kQueueFull;
  enqueue(peer, demand);
  return AcquireStatus::kPending;
}

AcquireOutcome LeaseLedger::enroll(TimePoint now, EnrollRequest request) {
  const Turn turn(*state_, now);
  Semaphore* const semaphore = state_->find_configured(request.semaphore);
  AcquireOutcome result = outcome(AcquireStatus::kUnknownSemaphore, 0, semaphore);
  if (semaphore == nullptr) return result;
  if (semaphore->never_fits(request.count, request.limits.oversize)) {
    result.status = AcquireStatus::kNeverFits;
  } else if (request.count < 0) {
    result.status = AcquireStatus::kCountNotPositive;
  } else if (!state_->can_grant_at_once(*semaphore, request.count) && state_->is_full(*semaphore)) {
    result.status = AcquireStatus::kQueueFull;
  } else {
    result.peer = request.peer ? *request.peer : state_->fresh_id();
    Peer& peer = state_->add_peer(result.peer, std::move(request.spec));
    result.status = state_->admit(
        peer, {state_->index_of(*semaphore), request.count, request.limits}, result.token);
    return result;
  }
  state_->report_refusal(result.status, *semaphore, request.peer.value_or(0), request.count);
  return result;
}

void LeaseLedger::State::report_refusal(AcquireStatus status, const Semaphore& semaphore,
                                        PeerId peer, Count count) {
  report({.kind = EventKind::kRefused,
          .refusal = status,
          .semaphore = index_of(semaphore),
          .peer = peer,
          .count = count,
          .at = now});
}

// --- giving back ---

ReleaseStatus LeaseLedger::release(TimePoint now, PeerId peer_id, std::string_view name) {
  State& state = *state_;
  const Turn turn(state, now);
  const Semaphore* const semaphore = state.find_semaphore(name);
  if (semaphore == nullptr) return ReleaseStatus::kUnknownSemaphore;
  Peer* const peer = state.peers.find(peer_id);
  if (peer == nullptr) return ReleaseStatus::kUnknownPeer;

  const SemaphoreIndex index = state.index_of(*semaphore);
  if (const Lease* const lease = state.find_lease(*peer, index)) {
    state.end_lease(*peer, lease, Cause::kReleased);
    return ReleaseStatus::kReleased;
  }
  if (peer->waiter != kNoSlot && state.waiters[peer->waiter].semaphore == index) {
    state.drop_waiter(peer->waiter, Cause::kReleased);
    return ReleaseStatus::kCancelled;
  }
  return ReleaseStatus::kNotHeld;
}

// --- restoring ---

RestoreStatus LeaseLedger::restore(TimePoint now, RestoreRequest request) {
  State& state = *state_;
  const Turn turn(state, now);
  const Count least = request.count_rule == CountRule::kPositive ? 1 : 0;
  for (const HeldLock& lock : request.held) {
    if (state.find_configured(lock.semaphore) == nullptr) return RestoreStatus::kUnknownSemaphore;
  }
  for (const HeldLock& lock : request.held) {
    if (lock.count < least) return RestoreStatus::kCountNotPositive;
  }
  if (Peer* const known = state.peers.find(request.peer)) return state.confirm(*known, request);
  for (const HeldLock& lock : request.held) {
    const Count full_count = state.find_configured(lock.semaphore)->settings.full_count;
    if (lock.count > full_count) return RestoreStatus::kNeverFits;
  }
  Peer& peer = state.add_peer(request.peer, std::move(request.spec));
  for (const HeldLock& lock : request.held)
    state.reinstate(peer, lock);
  return RestoreStatus::kRestored;
}

// The peer was never forgotten: if it says what the ledger says, it is prolonged.
RestoreStatus LeaseLedger::State::confirm(Peer& peer, const RestoreRequest& request) {
  const bool same =
      peer.waiter == kNoSlot && peer.leases == request.held.size() &&
      std::all_of(request.held.begin(), request.held.end(), [&](const HeldLock& lock) {
        const Lease* lease = find_lease(peer, index_of(*find_semaphore(lock.semaphore)));
        return lease != nullptr && lease->count == lock.count;
      });
  if (!same) return RestoreStatus::kDiffers;
  const TimePoint before = peer.deadline;
  renew(peer, request.spec.time_to_live);
  set_deadline(peer, std::max(before, peer.deadline));
  return RestoreStatus::kAlreadyKnown;
}

void LeaseLedger::State::reinstate(Peer& peer, const HeldLock& lock) {
  Semaphore& semaphore = *find_semaphore(lock.semaphore);
  const Lease lease{
      .semaphore = index_of(semaphore), .count = lock.count, .token = next_token(), .since = now};
  hold(peer, lease);
  report({.kind = EventKind::kRestored,
          .semaphore = lease.semaphore,
          .peer = peer.id,
          .count = lock.count,
          .excess = std::min(lock.count, semaphore.over_commit()),
          .token = lease.token,
          .at = now});
}

// --- limits and pauses ---

Presence LeaseLedger::limit_hold(TimePoint now, PeerId peer, Duration hold) {
  const Turn turn(*state_, now);
  Peer* const known = state_->peers.find(peer);
  if (known == nullptr) return Presence::kUnknown;
  known->lifetime = Lifetime::kHoldLimited;
  state_->set_deadline(*known, saturating_add(state_->now, hold));
  return Presence::kKnown;
}

void LeaseLedger::pause(std::string_view name) {
  if (Semaphore* const semaphore = state_->find_ever_configured(name)) ++semaphore->pauses;
}

void LeaseLedger::resume(TimePoint now, std::string_view name) {
  const Turn turn(*state_, now);
  Semaphore* const semaphore = state_->find_ever_configured(name);
  if (semaphore == nullptr || semaphore->pauses == 0) return;
  if (--semaphore->pauses == 0) state_->mark(state_->index_of(*semaphore));
}

// --- time and reports ---

std::size_t LeaseLedger::advance(TimePoint now) {
  return state_->advance(now);
}

TimePoint LeaseLedger::next_deadline() const {
  return state_->next_deadline();
}

std::span<const LedgerEvent> LeaseLedger::events() const {
  return state_->events;
}
void LeaseLedger::clear_events() {
  state_->events.clear();
}

void LeaseLedger::take_events(std::vector<LedgerEvent>& batch) {
  batch.clear();
  batch.swap(state_->events);
}

}  // namespace throttle
