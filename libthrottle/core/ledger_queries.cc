// What the lease ledger shows of itself: answers to clients, and views for people, in slices.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_state.h"

namespace throttle {

namespace {

SemaphoreState describe(const LedgerState& state, const Semaphore& semaphore) {
  const SlotList& queue = semaphore.queue();
  const TimePoint oldest = queue.empty() ? state.now() : state.waiters()[queue.oldest()].since;
  return {.name = semaphore.name(),
          .index = semaphore.index(),
          .full_count = semaphore.settings().full_count,
          .acquired = semaphore.acquired().value(),
          .pending = semaphore.pending().value(),
          .waiting = semaphore.waiting(),
          .longest_wait = state.now() - oldest,
          .granted = semaphore.granted(),
          .paused = state.paused(semaphore),
          .retired = semaphore.retired()};
}

// `leases` is what the view refers to.
PeerState describe(const LedgerState& state, const Peer& peer, std::vector<LeaseState>& leases) {
  const auto name_of = [&state](SemaphoreIndex index) { return state.semaphores()[index].name(); };
  leases.clear();
  for (std::uint32_t i = 0; i < peer.leases(); ++i) {
    const Lease& lease = state.peers().lease(peer, i);
    leases.push_back({name_of(lease.semaphore), lease.count, lease.token, lease.since});
  }
  const PeerIdentity& identity = state.peers().identity(peer);
  PeerState view{.id = peer.id(), .address = identity.address, .removal = peer.deadline()};
  view.label = identity.label.text();
  view.leases = leases;
  if (peer.waits()) {
    const Waiter& waiter = state.waiters()[peer.waiter()];
    view.pending = LeaseState{name_of(waiter.semaphore), waiter.count, 0, waiter.since};
  }
  return view;
}

}  // namespace

// --- questions ---

bool LeaseLedger::contains(PeerId peer) const {
  return state_->peers().find(peer) != nullptr;
}

std::optional<bool> LeaseLedger::is_acquired(PeerId peer) const {
  const Peer* const known = state_->peers().find(peer);
  if (known == nullptr) return std::nullopt;
  return !known->waits();
}

bool LeaseLedger::is_idle(PeerId peer) const {
  const Peer* const known = state_->peers().find(peer);
  return known != nullptr && !known->waits() && known->leases() == 0;
}

std::optional<Count> LeaseLedger::remainder(std::string_view name) const {
  const Semaphore* const semaphore = state_->find_configured(name);
  if (semaphore == nullptr) return std::nullopt;
  return semaphore->remainder();
}

std::string_view LeaseLedger::semaphore_name(SemaphoreIndex index) const {
  if (index >= state_->semaphores().size()) return {};
  return state_->semaphores()[index].name();
}

std::vector<PeerId> LeaseLedger::queue(std::string_view name) const {
  std::vector<PeerId> peers;
  const Semaphore* const semaphore = state_->find_semaphore(name);
  if (semaphore == nullptr) return peers;
  peers.reserve(semaphore->waiting());
  const Waiters& waiters = state_->waiters();
  semaphore->visit_queue(waiters, [&](WaiterSlot slot) { peers.push_back(waiters[slot].peer); });
  return peers;
}

std::size_t LeaseLedger::peer_count() const {
  return state_->peers().size();
}

std::optional<SemaphoreState> LeaseLedger::semaphore(std::string_view name) const {
  const Semaphore* const semaphore = state_->find_semaphore(name);
  if (semaphore == nullptr) return std::nullopt;
  return describe(*state_, *semaphore);
}

std::vector<SemaphoreState> LeaseLedger::semaphores() const {
  std::vector<SemaphoreState> states;
  for (const Semaphore& semaphore : state_->semaphores()) {
    if (!semaphore.gone()) states.push_back(describe(*state_, semaphore));
  }
  std::sort(states.begin(), states.end(),
            [](const SemaphoreState& a, const SemaphoreState& b) { return a.name < b.name; });
  return states;
}

std::optional<PeerState> LeaseLedger::peer(PeerId peer) const {
  const Peer* const known = state_->peers().find(peer);
  if (known == nullptr) return std::nullopt;
  return describe(*state_, *known, described_leases_);
}

std::string LeaseLedger::check() const {
  return state_->check();
}

// --- walks ---

// The place of a peer stays the same as long as it lives, so places are what a cursor counts.
PeerCursor LeaseLedger::visit_peers(PeerCursor from, std::size_t most,
                                    const PeerVisitor& visit) const {
  THROTTLE_CHECK(!from.ended() && most > 0);
  const Peers& peers = state_->peers();
  THROTTLE_CHECK(from.next_ <= peers.places());
  const std::size_t end = from.next_ + std::min(most, peers.places() - from.next_);
  std::vector<LeaseState> leases;
  for (; from.next_ < end; ++from.next_) {
    if (const Peer* const peer = peers.at(from.next_)) visit(describe(*state_, *peer, leases));
  }
  if (end == peers.places()) from.next_ = PeerCursor::kEnd;
  return from;
}

QueueCursor LeaseLedger::begin_queue(const LedgerState& state, const Semaphore& semaphore) {
  QueueCursor cursor;
  if (semaphore.takes_turns()) {
    cursor.phase_ = QueueCursor::Phase::kNoted;
    cursor.noted_.reserve(semaphore.waiting());
    semaphore.visit_queue(state.waiters(), [&](WaiterSlot slot) {
      cursor.noted_.push_back({slot, state.waiters()[slot].arrival});
    });
  } else if (semaphore.settings().order == QueueOrder::kLifo) {
    cursor.phase_ = QueueCursor::Phase::kNewestFirst;
    cursor.to_visit_ = std::numeric_limits<std::uint64_t>::max();
  } else {
    cursor.phase_ = QueueCursor::Phase::kOldestFirst;
  }
  return cursor;
}

QueueCursor LeaseLedger::visit_queue(std::string_view name, QueueCursor from, std::size_t most,
                                     const PeerVisitor& visit) const {
  using Phase = QueueCursor::Phase;
  THROTTLE_CHECK(!from.ended() && most > 0);
  const Semaphore* const semaphore = state_->find_semaphore(name);
  if (semaphore == nullptr) {
    from.phase_ = Phase::kEnded;
    return from;
  }
  if (from.phase_ == Phase::kFresh) from = begin_queue(*state_, *semaphore);
  const Waiters& waiters = state_->waiters();
  const auto still_waits = [&](QueueCursor::Mark mark) {
    const Waiter& waiter = waiters[mark.slot];
    return mark.arrival == waiter.arrival && waiter.semaphore == semaphore->index();
  };
  std::vector<LeaseState> leases;
  const auto show = [&](WaiterSlot slot) {
    visit(describe(*state_, *state_->peers().find(waiters[slot].peer), leases));
  };

  if (from.phase_ == Phase::kNoted) {
    const std::size_t end = from.position_ + std::min(most, from.noted_.size() - from.position_);
    for (; from.position_ < end; ++from.position_) {
      const QueueCursor::Mark mark = from.noted_[from.position_];
      if (still_waits(mark)) show(mark.slot);
    }
    if (end == from.noted_.size()) from.phase_ = Phase::kEnded;
    return from;
  }
  const bool newest_first = from.phase_ == Phase::kNewestFirst;
  WaiterSlot slot = newest_first ? semaphore->queue().newest() : semaphore->queue().oldest();
  if (from.next_.arrival != 0 && still_waits(from.next_)) slot = from.next_.slot;
  for (; slot != kNoSlot && most > 0; --most) {
    const Waiter& waiter = waiters[slot];
    const bool is_next =
        newest_first ? waiter.arrival < from.to_visit_ : waiter.arrival >= from.to_visit_;
    if (is_next) {
      from.to_visit_ = newest_first ? waiter.arrival : waiter.arrival + 1;
      show(slot);
    }
    slot = newest_first ? waiter.links.older : waiter.links.newer;
  }
  if (slot == kNoSlot) {
    from.phase_ = Phase::kEnded;
  } else {
    from.next_ = {slot, waiters[slot].arrival};
  }
  return from;
}

}  // namespace throttle
