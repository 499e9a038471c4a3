// What the lease ledger tells about itself: questions of clients, views for people, and the proof
// that its parts sum up to the whole.
#include <algorithm>
#include <string>
#include <utility>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_state.h"

namespace throttle {

bool LeaseLedger::contains(PeerId peer) const {
  return state_->peers.find(peer) != nullptr;
}

std::optional<bool> LeaseLedger::is_acquired(PeerId peer) const {
  const Peer* const known = state_->peers.find(peer);
  if (known == nullptr) return std::nullopt;
  return known->waiter == kNoSlot;
}

bool LeaseLedger::is_idle(PeerId peer) const {
  const Peer* const known = state_->peers.find(peer);
  return known != nullptr && known->waiter == kNoSlot && known->leases == 0;
}

std::optional<Count> LeaseLedger::remainder(std::string_view name) const {
  const Semaphore* const semaphore = state_->find_configured(name);
  if (semaphore == nullptr) return std::nullopt;
  return semaphore->remainder();
}

std::string_view LeaseLedger::semaphore_name(SemaphoreIndex index) const {
  return state_->semaphores[index].settings.name;
}

std::vector<PeerId> LeaseLedger::queue(std::string_view name) const {
  std::vector<PeerId> peers;
  const Semaphore* const semaphore = state_->find_semaphore(name);
  if (semaphore == nullptr) return peers;
  peers.reserve(semaphore->waiting);
  const auto note = [&](WaiterSlot slot) { peers.push_back(state_->waiters[slot].peer); };
  if (semaphore->turns != nullptr) {
    semaphore->turns->visit(note);
    return peers;
  }
  const bool newest_first = semaphore->settings.order == QueueOrder::kLifo;
  const auto after = newest_first ? &Waiter::older : &Waiter::newer;
  for (WaiterSlot slot = newest_first ? semaphore->newest : semaphore->oldest; slot != kNoSlot;
       slot = state_->waiters[slot].*after)
    note(slot);
  return peers;
}

std::size_t LeaseLedger::peer_count() const {
  return state_->peers.size();
}

SemaphoreState LeaseLedger::State::describe(const Semaphore& semaphore) const {
  const bool idle = semaphore.oldest == kNoSlot;
  return {.name = semaphore.settings.name,
          .index = index_of(semaphore),
          .full_count = semaphore.settings.full_count,
          .acquired = semaphore.acquired.value(),
          .pending = semaphore.pending.value(),
          .waiting = semaphore.waiting,
          .longest_wait = idle ? Duration::zero() : now - waiters[semaphore.oldest].since,
          .granted = semaphore.granted,
          .paused = semaphore.pauses > 0,
          .retired = semaphore.retired};
}

std::optional<SemaphoreState> LeaseLedger::semaphore(std::string_view name) const {
  const Semaphore* const semaphore = state_->find_semaphore(name);
  if (semaphore == nullptr) return std::nullopt;
  return state_->describe(*semaphore);
}

std::vector<SemaphoreState> LeaseLedger::semaphores() const {
  std::vector<SemaphoreState> states;
  for (const Semaphore& semaphore : state_->semaphores) {
    if (!semaphore.gone()) states.push_back(state_->describe(semaphore));
  }
  std::sort(states.begin(), states.end(),
            [](const SemaphoreState& a, const SemaphoreState& b) { return a.name < b.name; });
  return states;
}

void LeaseLedger::visit_peers(const std::function<void(const PeerState&)>& visit) const {
  std::vector<LeaseState> leases;
  state_->peers.visit([&](const Peer& peer) {
    const PeerRecord& record = state_->record_of(peer);
    leases.clear();
    for (std::uint32_t i = 0; i < peer.leases; ++i) {
      const Lease& lease = state_->lease_of(peer, i);
      leases.push_back({semaphore_name(lease.semaphore), lease.count, lease.token, lease.since});
    }
    PeerState view{.id = peer.id, .address = record.address, .removal = peer.deadline};
    if (record.label != nullptr) view.label = *record.label;
    view.leases = leases;
    if (peer.waiter != kNoSlot) {
      const Waiter& waiter = state_->waiters[peer.waiter];
      view.pending = LeaseState{semaphore_name(waiter.semaphore), waiter.count, 0, waiter.since};
    }
    visit(view);
  });
}

// --- the proof ---

std::string LeaseLedger::State::check_peer(const Peer& peer) const {
  const std::string who = "peer " + std::to_string(peer.id);
  const PeerRecord& record = records[peer.record];
  if (peers.find(peer.id) != &peer) return who + " is not found by its id";
  if (record.id != peer.id) return who + " has the record of another";
  if (!record.is_armed()) return who + " has no deadline";
  if (peer.deadline <= now) return who + " outlived its deadline";
  if (record.older_leases.size() + 1 != std::max(peer.leases, 1U)) return who + " lost a lease";
  for (std::uint32_t i = 0; i < peer.leases; ++i) {
    const FencingToken token = lease_of(peer, i).token;
    if (token == 0 || token > last_token) return who + " has a token of nobody";
  }
  if (peer.waiter == kNoSlot) return {};
  const Waiter& waiter = waiters[peer.waiter];
  if (waiter.peer != peer.id) return who + " and its waiter disagree";
  if (why_never_served(waiter) != Cause::kNone) return who + " waits for what it can never get";
  return {};
}

std::string LeaseLedger::State::check_peers() const {
  std::vector<WideSum> acquired(semaphores.size());
  std::vector<std::size_t> leases(semaphores.size());
  std::size_t waiting = 0;
  std::string violation;
  peers.visit([&](const Peer& peer) {
    for (std::uint32_t i = 0; i < peer.leases; ++i) {
      acquired[lease_of(peer, i).semaphore].add(lease_of(peer, i).count);
      ++leases[lease_of(peer, i).semaphore];
    }
    if (peer.waiter != kNoSlot) ++waiting;
    if (violation.empty()) violation = check_peer(peer);
  });
  if (!violation.empty()) return violation;
  if (waiting != waiters.size()) return "a waiter has no peer";
  if (expiries.size() != peers.size()) return "a deadline has no peer";
  if (records.size() != peers.size()) return "a record has no peer";
  for (const Semaphore& semaphore : semaphores) {
    const SemaphoreIndex index = index_of(semaphore);
    if (acquired[index] != semaphore.acquired || leases[index] != semaphore.leases) {
      return semaphore.settings.name + ": the leases do not sum up to what is acquired";
    }
  }
  return {};
}

std::string LeaseLedger::State::check_queue(const Semaphore& semaphore) const {
  WideSum pending;
  std::size_t waiting = 0;
  WaiterSlot older = kNoSlot;
  for (WaiterSlot slot = semaphore.oldest; slot != kNoSlot; slot = waiters[slot].newer) {
    const Waiter& waiter = waiters[slot];
    if (waiter.older != older || waiter.semaphore != index_of(semaphore)) {
      return semaphore.settings.name + ": the queue is torn";
    }
    if (older != kNoSlot && waiters[older].since > waiter.since) {
      return semaphore.settings.name + ": the queue is not in the order of arrival";
    }
    pending.add(waiter.count);
    ++waiting;
    older = slot;
  }
  if (semaphore.newest != older || pending != semaphore.pending || waiting != semaphore.waiting) {
    return semaphore.settings.name + ": the waiters do not sum up to what is pending";
  }
  if (waiting > 0 && grants_open(semaphore) && semaphore.fits(waiters[semaphore.head()].count)) {
    return semaphore.settings.name + ": the head of the queue fits and waits";
  }
  return {};
}

std::string LeaseLedger::check() const {
  std::string violation = state_->check_peers();
  for (const Semaphore& semaphore : state_->semaphores) {
    if (violation.empty()) violation = state_->check_queue(semaphore);
  }
  if (violation.empty() && !state_->marked.empty()) violation = "a semaphore was not served";
  return violation;
}

}  // namespace throttle
