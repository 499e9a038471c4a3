// The rules of the lease protocol: which refusal comes first, what a repeated request means, and
// what is granted at once. They look at the parts and act by the moves of ledger_state.h.
#include "libthrottle/core/lease_ledger.h"

#include <utility>

#include "libthrottle/core/ledger_state.h"
#include "libthrottle/core/ledger_turn.h"

namespace throttle {

LeaseLedger::LeaseLedger() : LeaseLedger(Options{}) {}
LeaseLedger::LeaseLedger(const Options& options) : state_(std::make_unique<LedgerState>(options)) {}
LeaseLedger::~LeaseLedger() = default;

namespace {

AcquireOutcome outcome(AcquireStatus status, PeerId peer, const Semaphore* semaphore) {
  AcquireOutcome result{.status = status, .peer = peer};
  if (semaphore != nullptr) {
    result.full_count = semaphore->settings().full_count;
    result.level = semaphore->settings().level;
  }
  return result;
}

void report_refusal(LedgerState& state, AcquireStatus status, PeerId peer, const Demand& demand) {
  state.report({.kind = EventKind::kRefused,
                .refusal = status,
                .semaphore = demand.semaphore,
                .peer = peer,
                .count = demand.count,
                .at = state.now()});
}

// What a peer that holds or awaits `has` of a semaphore gets for asking `asked` of it again.
AcquireStatus repeated(const Peer& peer, Count has, Count asked) {
  if (asked < has) return AcquireStatus::kShrinks;
  if (asked > has) return AcquireStatus::kGrows;
  return peer.waits() ? AcquireStatus::kPending : AcquireStatus::kAcquired;
}

bool can_grant_at_once(const LedgerState& state, const Semaphore& semaphore, Count count) {
  return semaphore.serves_next_arrival() && state.grants_open(semaphore) && semaphore.fits(count);
}

// The lock at once, or a place in the queue.
AcquireStatus admit(LedgerState& state, Peer& peer, const Demand& demand, FencingToken& token) {
  const Semaphore& semaphore = state.semaphores()[demand.semaphore];
  if (can_grant_at_once(state, semaphore, demand.count)) {
    token = state.grant(peer, demand, Duration::zero());
    return AcquireStatus::kAcquired;
  }
  if (semaphore.is_full()) return AcquireStatus::kQueueFull;
  state.enqueue(peer, demand);
  return AcquireStatus::kPending;
}

// The refusals in the order of the protocol; then admit().
AcquireStatus decide(LedgerState& state, const Semaphore& semaphore, const AcquireRequest& request,
                     AcquireOutcome& result) {
  if (semaphore.never_fits(request.count, request.limits.oversize)) {
    return AcquireStatus::kNeverFits;
  }
  Peer* const known = state.find_peer(request.peer);
  if (request.expires_in) {
    if (known == nullptr) return AcquireStatus::kUnknownPeer;
    state.renew(*known, *request.expires_in);
  }
  if (request.count < 1) return AcquireStatus::kCountNotPositive;
  if (known == nullptr) return AcquireStatus::kUnknownPeer;

  Peer& peer = *known;
  if (const Lease* const lease = state.peers().find_lease(peer, semaphore.index())) {
    result.holds = true;
    result.token = lease->token;
    return repeated(peer, lease->count, request.count);
  }
  if (const Waiter* const waiter = state.find_waiter(peer, semaphore.index())) {
    return repeated(peer, waiter->count, request.count);
  }
  const auto lowest = state.lowest_level(peer);
  if (lowest && *lowest <= semaphore.settings().level) {
    result.held_level = *lowest;
    return AcquireStatus::kBreaksHierarchy;
  }
  if (peer.waits()) return AcquireStatus::kOtherPending;
  return admit(state, peer, {semaphore.index(), request.count, request.limits}, result.token);
}

// Why a new peer is refused its first lock; absent if it is not.
std::optional<AcquireStatus> refusal_of(const LedgerState& state, const Semaphore& semaphore,
                                        const EnrollRequest& request) {
  if (semaphore.never_fits(request.count, request.limits.oversize)) {
    return AcquireStatus::kNeverFits;
  }
  if (request.count < 0) return AcquireStatus::kCountNotPositive;
  if (!state.has_room()) return AcquireStatus::kQueueFull;
  if (semaphore.is_full() && !can_grant_at_once(state, semaphore, request.count)) {
    return AcquireStatus::kQueueFull;
  }
  return std::nullopt;
}

}  // namespace

// --- peers ---

bool LeaseLedger::has_room() const {
  return state_->has_room();
}

PeerId LeaseLedger::add_peer(TimePoint now, PeerSpec spec) {
  const Turn turn(*state_, now);
  const PeerId id = state_->fresh_id();
  state_->add_peer(id, std::move(spec));
  return id;
}

Presence LeaseLedger::heartbeat(TimePoint now, PeerId peer, Duration time_to_live) {
  const Turn turn(*state_, now);
  Peer* const known = state_->find_peer(peer);
  if (known == nullptr) return Presence::kUnknown;
  state_->renew(*known, time_to_live);
  return Presence::kKnown;
}

Presence LeaseLedger::remove_peer(TimePoint now, PeerId peer, Cause cause) {
  const Turn turn(*state_, now);
  Peer* const known = state_->find_peer(peer);
  if (known == nullptr) return Presence::kUnknown;
  state_->remove_peer(*known, cause);
  return Presence::kKnown;
}

// --- acquiring ---

AcquireOutcome LeaseLedger::acquire(TimePoint now, const AcquireRequest& request) {
  const Turn turn(*state_, now);
  const Semaphore* const semaphore = state_->find_configured(request.semaphore);
  AcquireOutcome result = outcome(AcquireStatus::kUnknownSemaphore, request.peer, semaphore);
  if (semaphore == nullptr) return result;
  result.status = decide(*state_, *semaphore, request, result);
  const bool refused =
      result.status != AcquireStatus::kAcquired && result.status != AcquireStatus::kPending;
  if (refused)
    report_refusal(*state_, result.status, request.peer,
                   {.semaphore = semaphore->index(), .count = request.count});
  return result;
}

AcquireOutcome LeaseLedger::enroll(TimePoint now, EnrollRequest request) {
  const Turn turn(*state_, now);
  const Semaphore* const semaphore = state_->find_configured(request.semaphore);
  AcquireOutcome result = outcome(AcquireStatus::kUnknownSemaphore, 0, semaphore);
  if (semaphore == nullptr) return result;
  if (const auto refusal = refusal_of(*state_, *semaphore, request)) {
    result.status = *refusal;
    report_refusal(*state_, *refusal, request.peer.value_or(0),
                   {.semaphore = semaphore->index(), .count = request.count});
    return result;
  }
  result.peer = request.peer ? *request.peer : state_->fresh_id();
  Peer& peer = state_->add_peer(result.peer, std::move(request.spec));
  if (request.renewals == Renewals::kIgnored) state_->fix(peer);
  result.status =
      admit(*state_, peer, {semaphore->index(), request.count, request.limits}, result.token);
  return result;
}

// --- giving back ---

ReleaseStatus LeaseLedger::release(TimePoint now, PeerId peer_id, std::string_view name,
                                   Cause cause) {
  LedgerState& state = *state_;
  const Turn turn(state, now);
  const Semaphore* const semaphore = state.find_semaphore(name);
  if (semaphore == nullptr) return ReleaseStatus::kUnknownSemaphore;
  Peer* const peer = state.find_peer(peer_id);
  if (peer == nullptr) return ReleaseStatus::kUnknownPeer;

  if (const Lease* const lease = state.peers().find_lease(*peer, semaphore->index())) {
    state.end_lease(*peer, *lease, cause);
    return ReleaseStatus::kReleased;
  }
  if (state.find_waiter(*peer, semaphore->index()) != nullptr) {
    state.drop_waiter(peer->waiter(), cause);
    return ReleaseStatus::kCancelled;
  }
  return ReleaseStatus::kNotHeld;
}

// --- time and reports ---

std::size_t LeaseLedger::advance(TimePoint now) {
  return begin_turn(*state_, now);
}

TimePoint LeaseLedger::next_deadline() const {
  return state_->next_deadline();
}

std::span<const LedgerEvent> LeaseLedger::events() const {
  return state_->events();
}

void LeaseLedger::clear_events() {
  state_->events().clear();
}

void LeaseLedger::take_events(std::vector<LedgerEvent>& batch) {
  batch.clear();
  batch.swap(state_->events());
}

}  // namespace throttle
