// The moves between the parts of a ledger: both sides of each lease and of each wait.
#include "libthrottle/core/ledger_state.h"

#include <utility>

#include "libthrottle/core/check.h"

namespace throttle {

namespace {

constexpr std::uint64_t kIdBits = 53;  // every integer of a double: exact in any JSON reader

Cause cause_of_end(Lifetime lifetime) {
  if (lifetime == Lifetime::kForced) return Cause::kForced;
  return lifetime == Lifetime::kHoldLimited ? Cause::kHoldLimit : Cause::kExpired;
}

}  // namespace

LedgerState::LedgerState(const LeaseLedger::Options& options)
    : clock_(options.start, options.startup_grace, options.wake_tolerance),
      tokens_(options.start, options.wall_ms),
      random_(options.seed) {}

// --- looking up ---

const Waiter* LedgerState::find_waiter(const Peer& peer, SemaphoreIndex semaphore) const {
  if (!peer.waits()) return nullptr;
  const Waiter& waiter = waiters_[peer.waiter()];
  return waiter.semaphore == semaphore ? &waiter : nullptr;
}

std::optional<std::int32_t> LedgerState::lowest_level(const Peer& peer) const {
  std::optional<std::int32_t> lowest;
  for (std::uint32_t i = 0; i < peer.leases(); ++i) {
    const std::int32_t level = semaphores_[peers_.lease(peer, i).semaphore].settings().level;
    if (!lowest || level < *lowest) lowest = level;
  }
  return lowest;
}

Cause LedgerState::why_never_served(const Waiter& waiter) const {
  const Semaphore& semaphore = semaphores_[waiter.semaphore];
  if (semaphore.retired()) return Cause::kSemaphoreRemoved;
  if (semaphore.never_fits(waiter.count, waiter.oversize)) return Cause::kNeverFits;
  const auto lowest = lowest_level(*peers_.find(waiter.peer));
  if (lowest && *lowest <= semaphore.settings().level) return Cause::kBreaksHierarchy;
  return Cause::kNone;
}

IpAddress LedgerState::client_of(const Waiter& waiter) const {
  return peers_.identity(*peers_.find(waiter.peer)).address.ip;
}

// --- peers ---

PeerId LedgerState::fresh_id() {
  for (;;) {
    const PeerId id = random_() >> (64U - kIdBits);
    if (peers_.find(id) == nullptr) return id;
  }
}

Peer& LedgerState::add_peer(PeerId id, PeerSpec spec) {
  PeerIdentity identity{.label = Label(std::move(spec.label)), .address = spec.address};
  Peer& peer = peers_.add(id, std::move(identity), now(), spec.time_to_live);
  report({.kind = EventKind::kPeerAdded, .at = now()}, peer);
  return peer;
}

void LedgerState::remove_peer(Peer& peer, Cause cause) {
  if (peer.waits()) drop_waiter(peer.waiter(), cause);
  while (peer.leases() > 0)
    end_lease(peer, peers_.newest_lease(peer), cause);
  report({.kind = EventKind::kPeerRemoved, .cause = cause, .at = now()}, peer);
  peers_.remove(peer);
}

void LedgerState::set_label(Peer& peer, std::string_view label) {
  if (peers_.identity(peer).label.text() == label) return;
  peers_.set_label(peer, Label(std::string(label)));
  report({.kind = EventKind::kLabelled, .at = now()}, peer);
}

// --- leases ---

void LedgerState::hold(Semaphore& semaphore, Peer& peer, const Lease& lease) {
  semaphore.hold(lease.count);
  peers_.add_lease(peer, lease);
}

FencingToken LedgerState::grant(Peer& peer, const Demand& demand, Duration waited) {
  Semaphore& semaphore = semaphores_[demand.semaphore];
  const FencingToken token = tokens_.next(now());
  hold(semaphore, peer,
       {.semaphore = demand.semaphore, .count = demand.count, .token = token, .since = now()});
  semaphore.count_grant();
  if (demand.limits.hold != kForever) peers_.end_by(peer, clock_.after(demand.limits.hold));
  report({.kind = EventKind::kGranted,
          .semaphore = demand.semaphore,
          .count = demand.count,
          .token = token,
          .at = now(),
          .waited = waited},
         peer);
  return token;
}

void LedgerState::reinstate(Peer& peer, SemaphoreIndex index, Count count) {
  THROTTLE_CHECK(peers_.find_lease(peer, index) == nullptr);
  Semaphore& semaphore = semaphores_[index];
  hold(semaphore, peer, {.semaphore = index, .count = count, .token = 0, .since = now()});
  report({.kind = EventKind::kRestored,
          .semaphore = index,
          .count = count,
          .excess = std::min(count, semaphore.over_commit()),
          .at = now()},
         peer);
  report_excess(semaphore, peer.id());
}

void LedgerState::end_lease(Peer& peer, const Lease& lease, Cause cause) {
  const Lease ended = lease;
  semaphores_[ended.semaphore].give_back(ended.count);
  peers_.remove_lease(peer, lease);
  report({.kind = EventKind::kLeaseEnded,
          .cause = cause,
          .semaphore = ended.semaphore,
          .count = ended.count,
          .token = ended.token,
          .at = now(),
          .held = now() - ended.since},
         peer);
  semaphores_.mark(ended.semaphore);
  if (semaphores_[ended.semaphore].excess().count > 0)
    report_excess(semaphores_[ended.semaphore], 0);
}

// --- waiting ---

void LedgerState::enqueue(Peer& peer, const Demand& demand) {
  const LeaseLimits& limits = demand.limits;
  Semaphore& semaphore = semaphores_[demand.semaphore];
  const Waiter waiter{.peer = peer.id(),
                      .semaphore = demand.semaphore,
                      .count = demand.count,
                      .since = now(),
                      .hold = limits.hold,
                      .oversize = limits.oversize};
  const TimePoint limit = limits.wait == kForever ? kNever : clock_.after(limits.wait);
  const IpAddress client = semaphore.takes_turns() ? client_of(waiter) : IpAddress();
  peers_.begin_wait(peer, semaphore.enqueue(waiters_, waiter, limit, client));
  report({.kind = EventKind::kQueued,
          .semaphore = demand.semaphore,
          .count = demand.count,
          .at = now()},
         peer);
}

Waiter LedgerState::unqueue(WaiterSlot slot) {
  const Waiter& waiter = waiters_[slot];
  Semaphore& semaphore = semaphores_[waiter.semaphore];
  const IpAddress client = semaphore.takes_turns() ? client_of(waiter) : IpAddress();
  Peer& peer = *peers_.find(waiter.peer);
  THROTTLE_CHECK(peer.waiter() == slot);
  peers_.end_wait(peer);
  return semaphore.dequeue(waiters_, slot, client);
}

void LedgerState::grant_head(SemaphoreIndex index) {
  Semaphore& semaphore = semaphores_[index];
  const Waiter waiter = unqueue(semaphore.head());
  if (semaphore.takes_turns()) semaphore.end_turn(client_of(waiter));
  Peer& peer = *peers_.find(waiter.peer);
  grant(peer, {index, waiter.count, {.hold = waiter.hold}}, now() - waiter.since);
}

void LedgerState::drop_waiter(WaiterSlot slot, Cause cause) {
  const Waiter waiter = unqueue(slot);
  semaphores_.mark(waiter.semaphore);
  report({.kind = EventKind::kWaitEnded,
          .cause = cause,
          .semaphore = waiter.semaphore,
          .count = waiter.count,
          .at = now(),
          .waited = now() - waiter.since},
         *peers_.find(waiter.peer));
}

// --- reports ---

void LedgerState::report(LedgerEvent&& event) {
  if (event.semaphore != kNoSemaphore) {
    const Semaphore& semaphore = semaphores_[event.semaphore];
    event.acquired = semaphore.acquired().value();
    event.full_count = semaphore.settings().full_count;
    event.waiting = semaphore.waiting();
  }
  events_.push_back(std::move(event));
}

void LedgerState::report(LedgerEvent&& event, const Peer& peer) {
  const PeerIdentity& identity = peers_.identity(peer);
  event.peer = peer.id();
  event.client = identity.address;
  event.label = identity.label;
  report(std::move(event));
}

// --- configuration and pauses ---

// The settings are reported first: what follows happens by the new ones.
void LedgerState::configure(std::span<const SemaphoreSettings> configured) {
  for (const SemaphoreIndex index : semaphores_.configure(configured)) {
    semaphores_[index].arrange(waiters_, [this](const Waiter& each) { return client_of(each); });
    report_settings(semaphores_[index]);
    report_excess(semaphores_[index], 0);
  }
  for (const Semaphore& semaphore : semaphores_)
    drop_never_served(semaphore);
  semaphores_.mark_all();
}

void LedgerState::report_settings(const Semaphore& semaphore) {
  const SemaphoreSettings& settings = semaphore.settings();
  report({.kind = EventKind::kConfigured,
          .order = settings.order,
          .semaphore = semaphore.index(),
          .level = settings.level,
          .retired = semaphore.retired(),
          .count = settings.full_count,
          .at = now(),
          .max_pending = settings.max_pending});
}

void LedgerState::drop_never_served(const Semaphore& semaphore) {
  for (WaiterSlot slot = semaphore.queue().oldest(); slot != kNoSlot;) {
    const WaiterSlot next = waiters_[slot].links.newer;
    const Cause cause = why_never_served(waiters_[slot]);
    if (cause != Cause::kNone) drop_waiter(slot, cause);
    slot = next;
  }
}

void LedgerState::pause(std::string_view name) {
  const Semaphore* const found = semaphores_.find_ever_configured(name);
  if (found == nullptr || !semaphores_[found->index()].pause()) return;
  report({.kind = EventKind::kPaused, .semaphore = found->index(), .at = now()});
}

void LedgerState::resume(std::string_view name) {
  const Semaphore* const found = semaphores_.find_ever_configured(name);
  if (found == nullptr || !found->paused() || !semaphores_[found->index()].resume()) return;
  report({.kind = EventKind::kResumed, .semaphore = found->index(), .at = now()});
  semaphores_.mark(found->index());
}

void LedgerState::pause_all() {
  if (pauses_of_all_++ == 0) report({.kind = EventKind::kPaused, .at = now()});
}

void LedgerState::resume_all() {
  THROTTLE_CHECK(pauses_of_all_ > 0);
  if (--pauses_of_all_ > 0) return;
  report({.kind = EventKind::kResumed, .at = now()});
  semaphores_.mark_all();
}

// --- time ---

void LedgerState::notice_lateness() {
  const Duration lateness = clock_.lateness(next_deadline());
  if (lateness == Duration::zero()) return;
  clock_.spare(LeaseLedger::kSparedAfterLateWake);
  report({.kind = EventKind::kWokenLate, .at = now(), .waited = lateness});
}

std::size_t LedgerState::remove_due() {
  if (clock_.take_grace_end()) semaphores_.mark_all();
  std::size_t removed = 0;
  while (Peer* const due = clock_.removals_open() ? peers_.pop_due(now()) : nullptr) {
    remove_peer(*due, cause_of_end(due->lifetime()));
    ++removed;
  }
  while (const auto due = waiters_.pop_due(now()))
    drop_waiter(*due, Cause::kWaitLimit);
  return removed;
}

}  // namespace throttle
