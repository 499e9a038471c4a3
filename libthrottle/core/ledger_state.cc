#include "libthrottle/core/ledger_state.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/ip_network.h"

namespace throttle {

namespace {

constexpr std::uint64_t kIdBits = 53;  // every integer of a double: exact in any JSON reader
constexpr std::uint64_t kTokensPerMsBits = 12;

// A peer lives a little longer than it asked for: clients whose heartbeat interval equals their
// time to live are late by the length of a request. 5 %, at most 15 s, nothing for the shortest
// lives.
Duration slack(Duration time_to_live) {
  using namespace std::chrono_literals;
  if (time_to_live < 1s) return Duration::zero();
  return std::min<Duration>(time_to_live / 20, 15s);
}

}  // namespace

Count Semaphore::remainder() const {
  const Count held = acquired.value();  // never negative, so only the lower end can overflow
  constexpr Count kLeast = std::numeric_limits<Count>::min();
  return settings.full_count < kLeast + held ? kLeast : settings.full_count - held;
}

Count Semaphore::over_commit() const {
  return acquired.value() - std::min(acquired.value(), std::max<Count>(settings.full_count, 0));
}

LeaseLedger::State::State(const Options& options)
    : now(options.start),
      start(options.start),
      wall_ms(std::max<std::int64_t>(options.wall_ms, 0)),
      grants_from(saturating_add(options.start, options.startup_grace)),
      grace_pending(options.startup_grace > Duration::zero()),
      random(options.seed) {}

// --- looking up ---

Semaphore* LeaseLedger::State::find_ever_configured(std::string_view name) {
  const auto found = semaphore_by_name.find(name);
  return found == semaphore_by_name.end() ? nullptr : &semaphores[found->second];
}

Semaphore* LeaseLedger::State::find_semaphore(std::string_view name) {
  Semaphore* const semaphore = find_ever_configured(name);
  return semaphore == nullptr || semaphore->gone() ? nullptr : semaphore;
}

Semaphore* LeaseLedger::State::find_configured(std::string_view name) {
  Semaphore* const semaphore = find_semaphore(name);
  return semaphore == nullptr || semaphore->retired ? nullptr : semaphore;
}

std::optional<std::int32_t> LeaseLedger::State::lowest_level(const Peer& peer) const {
  std::optional<std::int32_t> lowest;
  for (std::uint32_t i = 0; i < peer.leases; ++i) {
    const std::int32_t level = semaphores[lease_of(peer, i).semaphore].settings.level;
    if (!lowest || level < *lowest) lowest = level;
  }
  return lowest;
}

SemaphoreIndex LeaseLedger::State::index_of(const Semaphore& semaphore) const {
  return static_cast<SemaphoreIndex>(&semaphore - semaphores.data());
}

const Lease* LeaseLedger::State::find_lease(const Peer& peer, SemaphoreIndex semaphore) const {
  for (std::uint32_t i = 0; i < peer.leases; ++i) {
    if (lease_of(peer, i).semaphore == semaphore) return &lease_of(peer, i);
  }
  return nullptr;
}

// --- peers ---

PeerId LeaseLedger::State::fresh_id() {
  for (;;) {
    const PeerId id = random() >> (64U - kIdBits);
    if (peers.find(id) == nullptr) return id;
  }
}

Peer& LeaseLedger::State::add_peer(PeerId id, PeerSpec spec) {
  const RecordSlot slot = records.allocate();
  PeerRecord& record = records[slot];
  record.id = id;
  record.address = spec.address;
  set_label(record, std::move(spec.label));
  Peer& peer = peers.insert(id);
  peer.record = slot;
  expiries.insert(record, kNever);
  renew(peer, spec.time_to_live);
  report({.kind = EventKind::kPeerAdded, .peer = id, .at = now});
  return peer;
}

void LeaseLedger::State::remove_peer(Peer& peer, Cause cause) {
  if (peer.waiter != kNoSlot) drop_waiter(peer.waiter, cause);
  while (peer.leases > 0)
    end_lease(peer, &peer.lease, cause);
  report({.kind = EventKind::kPeerRemoved, .cause = cause, .peer = peer.id, .at = now});
  expiries.erase(record_of(peer));
  records.release(peer.record);
  peers.erase(peer);
}

void LeaseLedger::State::set_label(PeerRecord& record, std::string label) {
  record.label = label.empty() ? nullptr : std::make_unique<std::string>(std::move(label));
}

void LeaseLedger::State::renew(Peer& peer, Duration time_to_live) {
  if (peer.lifetime != Lifetime::kRenewable) return;
  const TimePoint wished = saturating_add(now, time_to_live);
  set_deadline(peer, saturating_add(wished, slack(time_to_live)));
}

void LeaseLedger::State::set_deadline(Peer& peer, TimePoint when) {
  if (when < peer.deadline) expiries.hasten(record_of(peer), when);
  peer.deadline = when;
}

// --- leases and waiting ---

void LeaseLedger::State::hold(Peer& peer, const Lease& lease) {
  Semaphore& semaphore = semaphores[lease.semaphore];
  semaphore.acquired.add(lease.count);
  ++semaphore.leases;
  if (peer.leases++ > 0) record_of(peer).older_leases.push_back(peer.lease);
  peer.lease = lease;
}

void LeaseLedger::State::end_lease(Peer& peer, const Lease* lease, Cause cause) {
  const bool expired = cause == Cause::kExpired;  // otherwise the record is not touched
  report({.kind = EventKind::kLeaseEnded,
          .cause = cause,
          .semaphore = lease->semaphore,
          .peer = peer.id,
          .count = lease->count,
          .token = lease->token,
          .at = now,
          .held = now - lease->since,
          .client = expired ? record_of(peer).address : SocketAddress()});
  Semaphore& semaphore = semaphores[lease->semaphore];
  semaphore.acquired.subtract(lease->count);
  --semaphore.leases;
  mark(lease->semaphore);
  if (--peer.leases == 0) return;
  std::vector<Lease>& older = record_of(peer).older_leases;
  if (lease == &peer.lease) {
    peer.lease = older.back();
    older.pop_back();
  } else {
    older.erase(older.begin() + (lease - older.data()));
  }
}

bool LeaseLedger::State::can_grant_at_once(const Semaphore& semaphore, Count count) const {
  const bool is_next = semaphore.waiting == 0 || semaphore.settings.order == QueueOrder::kLifo;
  return is_next && grants_open(semaphore) && semaphore.fits(count);
}

FencingToken LeaseLedger::State::grant(Peer& peer, const Demand& demand, Duration waited) {
  const Lease lease{
      .semaphore = demand.semaphore, .count = demand.count, .token = next_token(), .since = now};
  hold(peer, lease);
  ++semaphores[demand.semaphore].granted;
  if (demand.limits.hold != kForever) limit_hold(peer, demand.limits.hold);
  report({.kind = EventKind::kGranted,
          .semaphore = demand.semaphore,
          .peer = peer.id,
          .count = demand.count,
          .token = lease.token,
          .at = now,
          .waited = waited});
  return lease.token;
}

void LeaseLedger::State::limit_hold(Peer& peer, Duration hold) {
  const TimePoint end = saturating_add(now, hold);
  if (end <= peer.deadline) {
    peer.lifetime = Lifetime::kHoldLimited;
    set_deadline(peer, end);
  } else if (peer.lifetime == Lifetime::kRenewable) {
    peer.lifetime = Lifetime::kFixed;
  }
}

void LeaseLedger::State::enqueue(Peer& peer, const Demand& demand) {
  const LeaseLimits& limits = demand.limits;
  Semaphore& semaphore = semaphores[demand.semaphore];
  const WaiterSlot waiter_slot = waiters.allocate();
  waiters[waiter_slot] = Waiter{.peer = peer.id,
                                .semaphore = demand.semaphore,
                                .older = semaphore.newest,
                                .count = demand.count,
                                .since = now,
                                .hold = limits.hold,
                                .arrival = arrivals++,
                                .oversize = limits.oversize};
  (semaphore.newest == kNoSlot ? semaphore.oldest : waiters[semaphore.newest].newer) = waiter_slot;
  semaphore.newest = waiter_slot;
  ++semaphore.waiting;
  semaphore.pending.add(demand.count);
  if (semaphore.turns != nullptr) {
    const Waiter& waiter = waiters[waiter_slot];
    semaphore.turns->add(client_of(waiter), waiter.arrival, waiter_slot);
  }
  peer.waiter = waiter_slot;
  if (limits.wait != kForever) wait_limits.insert(waiter_slot, saturating_add(now, limits.wait));
  report({.kind = EventKind::kQueued,
          .semaphore = demand.semaphore,
          .peer = peer.id,
          .count = demand.count,
          .at = now});
}

IpAddress LeaseLedger::State::client_of(const Waiter& waiter) {
  const IpAddress& address = record_of(peer_of(waiter)).address.ip;
  return masked(address, address.is_v4() ? 32 : 64);
}

void LeaseLedger::State::arrange(Semaphore& semaphore) {
  const bool fair = semaphore.settings.order == QueueOrder::kFair;
  if (fair == (semaphore.turns != nullptr)) return;
  semaphore.turns = fair ? std::make_unique<FairTurns>() : nullptr;
  if (!fair) return;
  for (WaiterSlot slot = semaphore.oldest; slot != kNoSlot; slot = waiters[slot].newer) {
    semaphore.turns->add(client_of(waiters[slot]), waiters[slot].arrival, slot);
  }
}

void LeaseLedger::State::unqueue(WaiterSlot slot) {
  const Waiter waiter = waiters[slot];
  Semaphore& semaphore = semaphores[waiter.semaphore];
  (waiter.older == kNoSlot ? semaphore.oldest : waiters[waiter.older].newer) = waiter.newer;
  (waiter.newer == kNoSlot ? semaphore.newest : waiters[waiter.newer].older) = waiter.older;
  if (semaphore.turns != nullptr) semaphore.turns->remove(client_of(waiter), waiter.arrival);
  --semaphore.waiting;
  semaphore.pending.subtract(waiter.count);
  mark(waiter.semaphore);
  peer_of(waiter).waiter = kNoSlot;
  wait_limits.erase(slot);
  waiters.release(slot);
}

void LeaseLedger::State::drop_waiter(WaiterSlot slot, Cause cause) {
  const Waiter waiter = waiters[slot];
  unqueue(slot);
  report({.kind = EventKind::kWaitEnded,
          .cause = cause,
          .semaphore = waiter.semaphore,
          .peer = waiter.peer,
          .count = waiter.count,
          .at = now,
          .waited = now - waiter.since});
}

// --- turns ---

std::size_t LeaseLedger::State::remove_and_settle() {
  std::size_t removed = 0;
  // A grant may bring a deadline that is due at once, so until nothing is.
  while (may_be_due()) {
    removed += remove_due();
    settle();
  }
  return removed;
}

std::size_t LeaseLedger::State::remove_due() {
  if (grace_pending && now >= grants_from) {
    grace_pending = false;
    mark_all();
  }
  const auto deadline_of = [this](const auto& item) { return peer_of(item).deadline; };
  std::size_t removed = 0;
  while (const auto due = expiries.pop_due(now, deadline_of)) {
    Peer& peer = peer_of(*due);
    const bool limited = peer.lifetime == Lifetime::kHoldLimited;
    remove_peer(peer, limited ? Cause::kHoldLimit : Cause::kExpired);
    ++removed;
  }
  while (const auto due = wait_limits.pop_due(now))
    drop_waiter(*due, Cause::kWaitLimit);
  return removed;
}

void LeaseLedger::State::serve_marked() {
  for (std::size_t i = 0; i < marked.size(); ++i) {
    Semaphore& semaphore = semaphores[marked[i]];
    semaphore.marked = false;
    serve(semaphore);
  }
  marked.clear();
}

void LeaseLedger::State::mark(SemaphoreIndex index) {
  if (std::exchange(semaphores[index].marked, true)) return;
  marked.push_back(index);
}

void LeaseLedger::State::mark_all() {
  for (const Semaphore& semaphore : semaphores)
    mark(index_of(semaphore));
}

// Head by head, as long as it fits: one that does not holds everybody behind it, so that a large
// count is not starved by small ones.
void LeaseLedger::State::serve(Semaphore& semaphore) {
  if (!grants_open(semaphore)) return;
  while (semaphore.waiting > 0 && semaphore.fits(waiters[semaphore.head()].count)) {
    const WaiterSlot slot = semaphore.head();
    const Waiter waiter = waiters[slot];
    unqueue(slot);
    if (semaphore.turns != nullptr) semaphore.turns->end_turn(client_of(waiter));
    grant(peer_of(waiter), {waiter.semaphore, waiter.count, {.hold = waiter.hold}},
          now - waiter.since);
  }
}

// Kleppmann, "How to do distributed locking" (2016): strictly increasing, also across restarts as
// long as the wall clock did not step back by more than the downtime.
FencingToken LeaseLedger::State::next_token() {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start).count();
  const auto by_clock = static_cast<FencingToken>(wall_ms + elapsed) << kTokensPerMsBits;
  last_token = std::max(last_token + 1, by_clock);
  return last_token;
}

}  // namespace throttle
