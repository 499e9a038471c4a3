// The operations of the naive ledger; what can be asked of it is in naive_ledger_queries.cc.
#include "tests/testing/naive_ledger.h"

#include <algorithm>
#include <chrono>

namespace throttle::testing {

namespace {

using namespace std::chrono_literals;

// 5 % of the time to live, at most 15 s, none below 1 s.
Duration slack(Duration time_to_live) {
  if (time_to_live < 1s) return 0s;
  return std::min<Duration>(time_to_live / 20, 15s);
}

bool is_refusal(AcquireStatus status) {
  return status != AcquireStatus::kAcquired && status != AcquireStatus::kPending;
}

}  // namespace

NaiveLedger::NaiveLedger(const LeaseLedger::Options& options)
    : options_(options), now_(options.start) {}

// --- time ---

// The beginning of an operation. let_time_pass() is its end, too: first all peers go whose time is
// over, then all requests that fit are granted. So no peer is granted anything at the instant of
// its end. A grant whose hold limit is zero begins it again.
std::size_t NaiveLedger::begin(TimePoint now) {
  now_ = std::max(now_, now);
  notice_lateness();
  return let_time_pass(now);
}

void NaiveLedger::notice_lateness() {
  const auto late_by = std::exchange(choices_.late_by, std::nullopt);
  if (!late_by) return;
  spared_until_ = now_ + 2s;
  report({.kind = EventKind::kWokenLate, .at = now_, .waited = *late_by});
}

std::size_t NaiveLedger::let_time_pass(TimePoint to) {
  std::size_t removed = 0;
  bool again = true;
  while (again) {
    removed += remove_all_due(to);
    again = false;
    while (grant_next())
      again = true;
  }
  return removed;
}

std::size_t NaiveLedger::remove_all_due(TimePoint to) {
  now_ = std::max(now_, to);
  std::size_t removed = 0;
  while (remove_next_due())
    ++removed;
  while (drop_next_overdue_wait()) {
  }
  return removed;
}

// Of the peers that are due, the one whose time ended first; of equals, the one that came first.
bool NaiveLedger::remove_next_due() {
  if (now_ < spared_until_) return false;
  const auto first =
      std::min_element(peers_.begin(), peers_.end(),
                       [](const Peer& a, const Peer& b) { return a.removal() < b.removal(); });
  if (first == peers_.end() || first->removal() > now_) return false;
  const bool by_limit = first->hold_end && *first->hold_end <= first->expiry;
  const Cause cause = by_limit ? Cause::kHoldLimit : Cause::kExpired;
  remove(static_cast<Position>(first - peers_.begin()), first->forced_end ? Cause::kForced : cause);
  return true;
}

bool NaiveLedger::drop_next_overdue_wait() {
  Peer* next = nullptr;
  const auto before = [](const Wait& a, const Wait& b) {
    return a.dropped_at != b.dropped_at ? a.dropped_at < b.dropped_at : a.arrival < b.arrival;
  };
  for (Peer& peer : peers_) {
    if (!peer.wait || peer.wait->dropped_at > now_) continue;
    if (next == nullptr || before(*peer.wait, *next->wait)) next = &peer;
  }
  if (next == nullptr) return false;
  drop_wait(*next, Cause::kWaitLimit);
  return true;
}

// Grants one head that fits. Where several semaphores have one, the order is not ours to choose.
bool NaiveLedger::grant_next() {
  std::optional<Position> chosen;
  for (SemaphoreIndex i = 0; i < semaphores_.size(); ++i) {
    const auto head = head_of(i);
    if (!head || !grants_open(i) || peers_[*head].wait->count > remainder_of(i)) continue;
    const bool preferred = !choices_.grants.empty() && choices_.grants.front() == i;
    if (!chosen || preferred) chosen = head;
  }
  if (!chosen) return false;
  Peer& peer = peers_[*chosen];
  const Wait request = *peer.wait;
  peer.wait.reset();
  renew_round(request.semaphore);
  // The client had its turn: the others come first now.
  auto& round = semaphores_[request.semaphore].round;
  const auto client = std::find(round.begin(), round.end(), client_of(peer));
  if (client != round.end()) std::rotate(client, client + 1, round.end());
  grant(peer, request);
  return true;
}

// Clients with nobody waiting leave the round; those that come stand at its end.
void NaiveLedger::renew_round(SemaphoreIndex semaphore) {
  std::vector<IpAddress>& round = semaphores_[semaphore].round;
  if (semaphores_[semaphore].settings.order != QueueOrder::kFair) return round.clear();
  std::vector<IpAddress> waiting;
  for (const Position position : waiting_for(semaphore))
    waiting.push_back(client_of(peers_[position]));
  const auto has = [](const std::vector<IpAddress>& clients, const IpAddress& client) {
    return std::find(clients.begin(), clients.end(), client) != clients.end();
  };
  std::erase_if(round, [&](const IpAddress& client) { return !has(waiting, client); });
  for (const IpAddress& client : waiting) {
    if (!has(round, client)) round.push_back(client);
  }
}

// --- peers ---

NaiveLedger::Peer& NaiveLedger::add(PeerId id, const PeerSpec& spec) {
  peers_.push_back({.id = id, .address = spec.address, .label = spec.label});
  renew(peers_.back(), spec.time_to_live);
  report({.kind = EventKind::kPeerAdded, .at = now_}, &peers_.back());
  return peers_.back();
}

void NaiveLedger::renew(Peer& peer, Duration time_to_live) const {
  if (peer.hold_end || peer.is_fixed || peer.forced_end) return;
  peer.expiry = saturating_add(saturating_add(now_, time_to_live), slack(time_to_live));
}

void NaiveLedger::remove(Position position, Cause cause) {
  Peer& peer = peers_[position];
  if (peer.wait) drop_wait(peer, cause);
  while (!peer.leases.empty())
    end_lease(peer, peer.leases.back().semaphore, cause);
  report({.kind = EventKind::kPeerRemoved, .cause = cause, .at = now_}, &peer);
  peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(position));
}

void NaiveLedger::drop_wait(Peer& peer, Cause cause) {
  const Wait wait = *peer.wait;
  peer.wait.reset();
  report({.kind = EventKind::kWaitEnded,
          .cause = cause,
          .semaphore = wait.semaphore,
          .count = wait.count,
          .at = now_,
          .waited = now_ - wait.since},
         &peer);
  renew_round(wait.semaphore);
}

void NaiveLedger::end_lease(Peer& peer, SemaphoreIndex semaphore, Cause cause) {
  const Lease lease = *lease_of(peer, semaphore);
  std::erase_if(peer.leases,
                [semaphore](const Lease& each) { return each.semaphore == semaphore; });
  report({.kind = EventKind::kLeaseEnded,
          .cause = cause,
          .semaphore = semaphore,
          .count = lease.count,
          .token = lease.token,
          .at = now_,
          .held = now_ - lease.since},
         &peer);
  report_excess(semaphore, 0);
}

void NaiveLedger::report_excess(SemaphoreIndex semaphore, PeerId restored_by) {
  Semaphore& its = semaphores_[semaphore];
  const Count excess = excess_of(semaphore);
  const Count before = std::exchange(its.excess, excess);
  if (before == 0) its.excess_since = now_;
  const bool ended = excess == 0 && before > 0;
  if (excess <= before && !ended) return;
  report({.kind = EventKind::kExcess,
          .semaphore = semaphore,
          .peer = restored_by,
          .excess = excess,
          .at = now_,
          .held = ended ? now_ - its.excess_since : Duration::zero()});
}

void NaiveLedger::report(LedgerEvent event, const Peer* peer) {
  if (peer != nullptr) {
    event.peer = peer->id;
    event.client = peer->address;
    event.label = Label(peer->label);
  }
  if (event.semaphore != kNoSemaphore) {
    event.acquired = acquired(event.semaphore);
    event.full_count = semaphores_[event.semaphore].settings.full_count;
    const auto waits = [&](const Peer& each) {
      return each.wait && each.wait->semaphore == event.semaphore;
    };
    event.waiting = static_cast<std::size_t>(std::ranges::count_if(peers_, waits));
  }
  events_.push_back(event);
}

PeerId NaiveLedger::add_peer(TimePoint now, const PeerSpec& spec) {
  begin(now);
  add(choices_.drawn, spec);
  let_time_pass(now);
  return choices_.drawn;
}

Presence NaiveLedger::heartbeat(TimePoint now, PeerId id, Duration time_to_live) {
  begin(now);
  const auto position = position_of(id);
  if (!position) return Presence::kUnknown;
  renew(peers_[*position], time_to_live);
  let_time_pass(now);
  return Presence::kKnown;
}

Presence NaiveLedger::remove_peer(TimePoint now, PeerId id, Cause cause) {
  begin(now);
  const auto position = position_of(id);
  if (!position) return Presence::kUnknown;
  remove(*position, cause);
  let_time_pass(now);
  return Presence::kKnown;
}

void NaiveLedger::set_label(PeerId id, std::string_view label) {
  const auto position = position_of(id);
  if (!position || peers_[*position].label == label) return;
  peers_[*position].label = label;
  report({.kind = EventKind::kLabelled, .at = now_}, &peers_[*position]);
}

// --- acquiring ---

AcquireOutcome NaiveLedger::acquire(TimePoint now, const AcquireRequest& request) {
  begin(now);
  const AcquireOutcome outcome = decide(request);
  report_refusal(outcome, request.semaphore, request.peer, request.count);
  let_time_pass(now);
  return outcome;
}

// The steps of the published protocol, one after the other.
AcquireOutcome NaiveLedger::decide(const AcquireRequest& request) {
  AcquireOutcome outcome{.status = AcquireStatus::kUnknownSemaphore, .peer = request.peer};
  const auto refuse = [&outcome](AcquireStatus status) {
    outcome.status = status;
    return outcome;
  };

  // 1. The semaphore is not configured.
  const auto index = configured_index(request.semaphore);
  if (!index) return outcome;
  const SemaphoreSettings& settings = semaphores_[*index].settings;
  outcome.full_count = settings.full_count;
  outcome.level = settings.level;
  // 2. It could never fit.
  if (never_fits(*index, request.count, request.limits.oversize)) {
    return refuse(AcquireStatus::kNeverFits);
  }
  // 3. The deadline moves now, whatever comes later.
  const auto position = position_of(request.peer);
  if (request.expires_in) {
    if (!position) return refuse(AcquireStatus::kUnknownPeer);
    renew(peers_[*position], *request.expires_in);
  }
  // 4. Nothing is asked for.
  if (request.count < 1) return refuse(AcquireStatus::kCountNotPositive);
  // 5. Nobody asks.
  if (!position) return refuse(AcquireStatus::kUnknownPeer);
  Peer& peer = peers_[*position];
  // 6. It has or awaits this lock already.
  const Lease* lease = lease_of(peer, *index);
  const bool awaits = peer.wait && peer.wait->semaphore == *index;
  if (lease != nullptr || awaits) {
    const Count has = lease != nullptr ? lease->count : peer.wait->count;
    outcome.holds = lease != nullptr;
    outcome.token = lease != nullptr ? lease->token : 0;
    if (request.count < has) return refuse(AcquireStatus::kShrinks);
    if (request.count > has) return refuse(AcquireStatus::kGrows);
    outcome.status = peer.wait ? AcquireStatus::kPending : AcquireStatus::kAcquired;
    return outcome;
  }
  // 7. It holds a lock of this level or below.
  if (const auto lowest = lowest_level(peer); lowest && *lowest <= settings.level) {
    outcome.held_level = *lowest;
    return refuse(AcquireStatus::kBreaksHierarchy);
  }
  // 8. It waits for another lock.
  if (peer.wait) return refuse(AcquireStatus::kOtherPending);

  outcome.status = grant_or_queue(peer, *index, request.count, request.limits);
  if (outcome.status == AcquireStatus::kAcquired) outcome.token = peer.leases.back().token;
  return outcome;
}

AcquireStatus NaiveLedger::grant_or_queue(Peer& peer, SemaphoreIndex semaphore, Count count,
                                          const LeaseLimits& limits) {
  Wait wait{.semaphore = semaphore,
            .count = count,
            .since = now_,
            .arrival = 0,
            .dropped_at = saturating_add(now_, limits.wait),
            .hold = limits.hold,
            .oversize = limits.oversize};
  if (granted_on_arrival(semaphore, count)) {
    grant(peer, wait);
    return AcquireStatus::kAcquired;
  }
  if (queue_is_full(semaphore)) return AcquireStatus::kQueueFull;
  wait.arrival = ++arrivals_;
  peer.wait = wait;
  renew_round(semaphore);
  report({.kind = EventKind::kQueued, .semaphore = semaphore, .count = count, .at = now_}, &peer);
  return AcquireStatus::kPending;
}

void NaiveLedger::grant(Peer& peer, const Wait& request) {
  const FencingToken token = next_token();
  peer.leases.push_back({request.semaphore, request.count, token, now_});
  ++semaphores_[request.semaphore].granted;
  if (request.hold != kForever) {
    const TimePoint end = saturating_add(now_, request.hold);
    peer.hold_end = peer.hold_end ? std::min(*peer.hold_end, end) : end;
  }
  report({.kind = EventKind::kGranted,
          .semaphore = request.semaphore,
          .count = request.count,
          .token = token,
          .at = now_,
          .waited = now_ - request.since},
         &peer);
  if (!choices_.grants.empty()) choices_.grants.erase(choices_.grants.begin());
}

AcquireOutcome NaiveLedger::enroll(TimePoint now, const EnrollRequest& request) {
  begin(now);
  const AcquireOutcome outcome = decide(request);
  report_refusal(outcome, request.semaphore, request.peer.value_or(0), request.count);
  let_time_pass(now);
  return outcome;
}

AcquireOutcome NaiveLedger::decide(const EnrollRequest& request) {
  AcquireOutcome outcome{.status = AcquireStatus::kUnknownSemaphore};
  const auto refuse = [&outcome](AcquireStatus status) {
    outcome.status = status;
    return outcome;
  };
  const auto index = configured_index(request.semaphore);
  if (!index) return outcome;
  const SemaphoreSettings& settings = semaphores_[*index].settings;
  outcome.full_count = settings.full_count;
  outcome.level = settings.level;
  if (never_fits(*index, request.count, request.limits.oversize)) {
    return refuse(AcquireStatus::kNeverFits);
  }
  if (request.count < 0) return refuse(AcquireStatus::kCountNotPositive);
  if (!granted_on_arrival(*index, request.count) && queue_is_full(*index)) {
    return refuse(AcquireStatus::kQueueFull);
  }
  Peer& peer = add(request.peer.value_or(choices_.drawn), request.spec);
  peer.is_fixed = request.renewals == Renewals::kIgnored;
  outcome.peer = peer.id;
  outcome.status = grant_or_queue(peer, *index, request.count, request.limits);
  if (outcome.status == AcquireStatus::kAcquired) outcome.token = peer.leases.back().token;
  return outcome;
}

// A request for a semaphore that nobody knows has no index to be reported under.
void NaiveLedger::report_refusal(const AcquireOutcome& outcome, std::string_view semaphore,
                                 PeerId peer, Count count) {
  const auto index = configured_index(semaphore);
  if (!index || !is_refusal(outcome.status)) return;
  report({.kind = EventKind::kRefused,
          .refusal = outcome.status,
          .semaphore = *index,
          .peer = peer,
          .count = count,
          .at = now_});
}

FencingToken NaiveLedger::next_token() {
  const auto run_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now_ - options_.start).count();
  const auto by_clock = static_cast<FencingToken>(options_.wall_ms + run_ms) << 12U;
  last_token_ = std::max(last_token_ + 1, by_clock);
  return last_token_;
}

// --- giving back ---

ReleaseStatus NaiveLedger::release(TimePoint now, PeerId id, std::string_view semaphore,
                                   Cause cause) {
  begin(now);
  const auto index = index_of(semaphore);
  if (!index) return ReleaseStatus::kUnknownSemaphore;
  const auto position = position_of(id);
  if (!position) return ReleaseStatus::kUnknownPeer;
  Peer& peer = peers_[*position];
  ReleaseStatus status = ReleaseStatus::kNotHeld;
  if (lease_of(peer, *index) != nullptr) {
    end_lease(peer, *index, cause);
    status = ReleaseStatus::kReleased;
  } else if (peer.wait && peer.wait->semaphore == *index) {
    drop_wait(peer, cause);
    status = ReleaseStatus::kCancelled;
  }
  let_time_pass(now);
  return status;
}

// --- restoring ---

RestoreStatus NaiveLedger::restore(TimePoint now, const RestoreRequest& request) {
  begin(now);
  const RestoreStatus status = decide(request);
  let_time_pass(now);
  return status;
}

// Of several locks those that are configured are restored, if all counts are valid.
RestoreStatus NaiveLedger::decide(RestoreRequest request) {
  std::vector<HeldLock> configured;
  for (const HeldLock& lock : request.held) {
    if (configured_index(lock.semaphore)) configured.push_back(lock);
  }
  const bool some_unknown = configured.size() < request.held.size();
  const Count least = request.count_rule == CountRule::kPositive ? 1 : 0;
  for (const HeldLock& lock : request.held) {
    if (lock.count >= least) continue;
    return some_unknown ? RestoreStatus::kUnknownSemaphore : RestoreStatus::kCountNotPositive;
  }
  if (some_unknown && configured.empty()) return RestoreStatus::kUnknownSemaphore;
  request.held = configured;
  const RestoreStatus status = restore_peer(request);
  if (status == RestoreStatus::kBarred) return status;
  return some_unknown ? RestoreStatus::kUnknownSemaphore : status;
}

RestoreStatus NaiveLedger::restore_peer(const RestoreRequest& request) {
  if (const auto position = position_of(request.peer)) {
    return confirm(peers_[*position], request);
  }
  const auto bar = barred_.find(request.peer);
  if (bar != barred_.end() && bar->second > now_) return RestoreStatus::kBarred;
  constexpr Count kMost = Count{1} << 62;
  for (const HeldLock& lock : request.held) {
    if (lock.count > kMost || acquired(*index_of(lock.semaphore)) > kMost - lock.count)
      return RestoreStatus::kTooLarge;
  }
  Peer& peer = add(request.peer, request.spec);
  for (const HeldLock& lock : request.held)
    restore_lease(peer, *index_of(lock.semaphore), lock.count);
  return RestoreStatus::kRestored;
}

RestoreStatus NaiveLedger::confirm(Peer& peer, const RestoreRequest& request) const {
  if (peer.wait || peer.leases.size() != request.held.size()) return RestoreStatus::kDiffers;
  for (const HeldLock& lock : request.held) {
    const Lease* lease = lease_of(peer, *index_of(lock.semaphore));
    if (lease == nullptr || lease->count != lock.count) return RestoreStatus::kDiffers;
  }
  const TimePoint before = peer.expiry;
  renew(peer, request.spec.time_to_live);
  peer.expiry = std::max(peer.expiry, before);
  return RestoreStatus::kAlreadyKnown;
}

void NaiveLedger::restore_lease(Peer& peer, SemaphoreIndex semaphore, Count count) {
  peer.leases.push_back({semaphore, count, 0, now_});
  const Count beyond =
      std::max<Count>(0, acquired(semaphore) - semaphores_[semaphore].settings.full_count);
  report({.kind = EventKind::kRestored,
          .semaphore = semaphore,
          .count = count,
          .excess = std::min(count, beyond),
          .at = now_},
         &peer);
  report_excess(semaphore, peer.id);
}

}  // namespace throttle::testing
