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

PeerSlot LeaseLedger::State::find_peer(PeerId id) const {
  const auto found = peer_by_id.find(id);
  return found == peer_by_id.end() ? kNoSlot : found->second.slot;
}

PeerEntry& LeaseLedger::State::entry_of(const Peer& peer) {
  return peer_by_id.find(peer.id).value();
}

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
  for (const Lease& lease : peer.leases) {
    const std::int32_t level = semaphores[lease.semaphore].settings.level;
    if (!lowest || level < *lowest) lowest = level;
  }
  return lowest;
}

SemaphoreIndex LeaseLedger::State::index_of(const Semaphore& semaphore) const {
  return static_cast<SemaphoreIndex>(&semaphore - semaphores.data());
}

Lease* LeaseLedger::State::find_lease(Peer& peer, SemaphoreIndex semaphore) {
  const auto found = std::find_if(peer.leases.begin(), peer.leases.end(),
                                  [&](const Lease& lease) { return lease.semaphore == semaphore; });
  return found == peer.leases.end() ? nullptr : &*found;
}

// --- peers ---

PeerId LeaseLedger::State::fresh_id() {
  for (;;) {
    const PeerId id = random() >> (64U - kIdBits);
    if (!peer_by_id.contains(id)) return id;
  }
}

PeerSlot LeaseLedger::State::add_peer(PeerId id, PeerSpec spec) {
  const PeerSlot slot = peers.allocate();
  Peer& peer = peers[slot];
  peer.id = id;
  peer.address = spec.address;
  set_label(peer, std::move(spec.label));
  const auto [entry, added] = peer_by_id.try_emplace(id, PeerEntry{.slot = slot});
  THROTTLE_CHECK(added);
  expiries.insert(peer, kNever);
  renew(entry.value(), spec.time_to_live);
  report({.kind = EventKind::kPeerAdded, .peer = id, .at = now});
  return slot;
}

void LeaseLedger::State::remove_peer(PeerSlot slot, Cause cause) {
  Peer& peer = peers[slot];
  if (peer.waiter != kNoSlot) drop_waiter(peer.waiter, cause);
  while (!peer.leases.empty())
    end_lease(slot, &peer.leases.back(), cause);
  report({.kind = EventKind::kPeerRemoved, .cause = cause, .peer = peer.id, .at = now});
  expiries.erase(peer);
  peer_by_id.erase(peer.id);
  peers.release(slot);
}

void LeaseLedger::State::set_label(Peer& peer, std::string label) {
  peer.label = label.empty() ? nullptr : std::make_unique<std::string>(std::move(label));
}

void LeaseLedger::State::renew(PeerEntry& entry, Duration time_to_live) {
  if (entry.lifetime != Lifetime::kRenewable) return;
  const TimePoint wished = saturating_add(now, time_to_live);
  set_deadline(entry, saturating_add(wished, slack(time_to_live)));
}

void LeaseLedger::State::set_deadline(PeerEntry& entry, TimePoint when) {
  if (when < entry.deadline) expiries.hasten(peers[entry.slot], when);
  entry.deadline = when;
}

// --- leases and waiting ---

void LeaseLedger::State::hold(PeerSlot slot, const Lease& lease) {
  Semaphore& semaphore = semaphores[lease.semaphore];
  semaphore.acquired.add(lease.count);
  ++semaphore.leases;
  peers[slot].leases.push_back(lease);
}

void LeaseLedger::State::end_lease(PeerSlot slot, Lease* lease, Cause cause) {
  Peer& peer = peers[slot];
  report({.kind = EventKind::kLeaseEnded,
          .cause = cause,
          .semaphore = lease->semaphore,
          .peer = peer.id,
          .count = lease->count,
          .token = lease->token,
          .at = now,
          .held = now - lease->since});
  Semaphore& semaphore = semaphores[lease->semaphore];
  semaphore.acquired.subtract(lease->count);
  --semaphore.leases;
  mark(lease->semaphore);
  peer.leases.erase(peer.leases.begin() + (lease - peer.leases.data()));
}

bool LeaseLedger::State::can_grant_at_once(const Semaphore& semaphore, Count count) const {
  const bool is_next = semaphore.waiting == 0 || semaphore.settings.order == QueueOrder::kLifo;
  return is_next && grants_open(semaphore) && semaphore.fits(count);
}

FencingToken LeaseLedger::State::grant(PeerSlot slot, const Demand& demand, Duration waited) {
  const Lease lease{
      .semaphore = demand.semaphore, .count = demand.count, .token = next_token(), .since = now};
  hold(slot, lease);
  ++semaphores[demand.semaphore].granted;
  if (demand.limits.hold != kForever) limit_hold(entry_of(peers[slot]), demand.limits.hold);
  report({.kind = EventKind::kGranted,
          .semaphore = demand.semaphore,
          .peer = peers[slot].id,
          .count = demand.count,
          .token = lease.token,
          .at = now,
          .waited = waited});
  return lease.token;
}

void LeaseLedger::State::limit_hold(PeerEntry& entry, Duration hold) {
  const TimePoint end = saturating_add(now, hold);
  if (end <= entry.deadline) {
    entry.lifetime = Lifetime::kHoldLimited;
    set_deadline(entry, end);
  } else if (entry.lifetime == Lifetime::kRenewable) {
    entry.lifetime = Lifetime::kFixed;
  }
}

void LeaseLedger::State::enqueue(PeerSlot slot, const Demand& demand) {
  const LeaseLimits& limits = demand.limits;
  Semaphore& semaphore = semaphores[demand.semaphore];
  const WaiterSlot waiter_slot = waiters.allocate();
  waiters[waiter_slot] = Waiter{.peer = slot,
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
  peers[slot].waiter = waiter_slot;
  if (limits.wait != kForever) wait_limits.insert(waiter_slot, saturating_add(now, limits.wait));
  report({.kind = EventKind::kQueued,
          .semaphore = demand.semaphore,
          .peer = peers[slot].id,
          .count = demand.count,
          .at = now});
}

IpAddress LeaseLedger::State::client_of(const Waiter& waiter) const {
  const IpAddress& address = peers[waiter.peer].address.ip;
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
  peers[waiter.peer].waiter = kNoSlot;
  wait_limits.erase(slot);
  waiters.release(slot);
}

void LeaseLedger::State::drop_waiter(WaiterSlot slot, Cause cause) {
  const Waiter waiter = waiters[slot];
  unqueue(slot);
  report({.kind = EventKind::kWaitEnded,
          .cause = cause,
          .semaphore = waiter.semaphore,
          .peer = peers[waiter.peer].id,
          .count = waiter.count,
          .at = now,
          .waited = now - waiter.since});
}

// --- turns ---

std::size_t LeaseLedger::State::advance(TimePoint to) {
  now = std::max(now, to);
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
  const auto peer_entry = [this](const DeadlineWheel::Item& item) -> PeerEntry& {
    return entry_of(static_cast<const Peer&>(item));
  };
  const auto deadline_of = [&](const auto& item) { return peer_entry(item).deadline; };
  std::size_t removed = 0;
  while (const auto due = expiries.pop_due(now, deadline_of)) {
    const PeerEntry& entry = peer_entry(*due);
    const bool limited = entry.lifetime == Lifetime::kHoldLimited;
    remove_peer(entry.slot, limited ? Cause::kHoldLimit : Cause::kExpired);
    ++removed;
  }
  while (const auto due = wait_limits.pop_due(now))
    drop_waiter(*due, Cause::kWaitLimit);
  return removed;
}

void LeaseLedger::State::settle() {
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
    grant(waiter.peer, {waiter.semaphore, waiter.count, {.hold = waiter.hold}}, now - waiter.since);
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
