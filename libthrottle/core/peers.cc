// How a peer gets into table, records and wheel and out of them, and what its leases move.
#include "libthrottle/core/peers.h"

#include <algorithm>
#include <chrono>

namespace throttle {

// --- looking up ---

const Peer* Peers::at(std::size_t place) const {
  THROTTLE_CHECK(place < places());
  const Record& record = records_[static_cast<Slot>(place)];
  return record.is_armed() ? table_.find(record.id) : nullptr;
}

Peer& Peers::owner_of(const DeadlineWheel::Item& item) {
  Peer* const owner = table_.find(static_cast<const Record&>(item).id);
  THROTTLE_CHECK(owner != nullptr);
  return *owner;
}

// --- coming and going ---

Peer& Peers::add(PeerId id, PeerIdentity identity, TimePoint now, Duration time_to_live) {
  const Slot slot = records_.allocate();
  Record& record = records_[slot];
  record.id = id;
  record.identity = std::move(identity);
  Peer& peer = table_.insert(id);
  peer.record_ = slot;
  peer.deadline_ = removal_time(now, time_to_live);
  expiries_.insert(record, peer.deadline_);
  return peer;
}

void Peers::remove(Peer& peer) {
  THROTTLE_CHECK(peer.leases_ == 0 && !peer.waits());
  Record& record = record_of(peer);
  THROTTLE_CHECK(record.id == peer.id_);
  expiries_.erase(record);
  records_.release(peer.record_);
  table_.erase(peer);
}

// --- the end of a life ---

TimePoint Peers::removal_time(TimePoint now, Duration time_to_live) {
  using namespace std::chrono_literals;
  const Duration slack =
      time_to_live < 1s ? Duration::zero() : std::min<Duration>(time_to_live / 20, 15s);
  return saturating_add(saturating_add(now, time_to_live), slack);
}

void Peers::prolong(Peer& peer, TimePoint now, Duration time_to_live) {
  if (peer.lifetime_ != Lifetime::kRenewable) return;
  set_deadline(peer, std::max(peer.deadline_, removal_time(now, time_to_live)));
}

void Peers::end_at(Peer& peer, TimePoint end) {
  if (peer.lifetime_ == Lifetime::kForced) return end_by_force(peer, end);
  peer.lifetime_ = Lifetime::kHoldLimited;
  set_deadline(peer, end);
}

void Peers::end_by(Peer& peer, TimePoint end) {
  if (end <= peer.deadline_) {
    end_at(peer, end);
  } else if (peer.lifetime_ == Lifetime::kRenewable) {
    fix(peer);
  }
}

void Peers::end_by_force(Peer& peer, TimePoint end) {
  peer.lifetime_ = Lifetime::kForced;
  set_deadline(peer, std::min(peer.deadline_, end));
}

Peer* Peers::pop_due(TimePoint now) {
  const auto deadline_of = [this](const DeadlineWheel::Item& item) {
    return owner_of(item).deadline_;
  };
  const DeadlineWheel::Item* const due = expiries_.pop_due(now, deadline_of);
  return due == nullptr ? nullptr : &owner_of(*due);
}

// --- leases ---

const Lease* Peers::find_lease(const Peer& peer, SemaphoreIndex semaphore) const {
  for (std::uint32_t i = 0; i < peer.leases_; ++i) {
    if (lease(peer, i).semaphore == semaphore) return &lease(peer, i);
  }
  return nullptr;
}

void Peers::add_lease(Peer& peer, const Lease& lease) {
  THROTTLE_CHECK(lease.count >= 0);
  if (peer.leases_++ > 0) record_of(peer).older_leases.push_back(peer.lease_);
  peer.lease_ = lease;
}

void Peers::remove_lease(Peer& peer, const Lease& lease) {
  THROTTLE_CHECK(peer.leases_ > 0);
  if (--peer.leases_ == 0) {
    THROTTLE_CHECK(&lease == &peer.lease_);
    return;
  }
  std::vector<Lease>& older = record_of(peer).older_leases;
  THROTTLE_CHECK(older.size() == peer.leases_);
  if (&lease == &peer.lease_) {
    peer.lease_ = older.back();
    older.pop_back();
    return;
  }
  const auto number = static_cast<std::size_t>(&lease - older.data());
  THROTTLE_CHECK(number < older.size());
  older.erase(older.begin() + static_cast<std::ptrdiff_t>(number));
}

// --- the proof ---

std::string Peers::check(const Peer& peer) const {
  const std::string who = "peer " + std::to_string(peer.id_);
  const Record& record = records_[peer.record_];
  if (table_.find(peer.id_) != &peer) return who + " is not found by its id";
  if (record.id != peer.id_) return who + " has the record of another";
  if (!record.is_armed()) return who + " has no place in the wheel";
  if (peer.deadline_ < next_deadline()) return who + " would be removed too late";
  if (record.older_leases.size() + 1 != std::max(peer.leases_, 1U)) return who + " lost a lease";
  for (std::uint32_t i = 0; i < peer.leases_; ++i) {
    if (find_lease(peer, lease(peer, i).semaphore) != &lease(peer, i))
      return who + " holds two leases on one semaphore";
  }
  return {};
}

std::string Peers::check() const {
  std::string violation;
  visit([&](const Peer& peer) {
    if (violation.empty()) violation = check(peer);
  });
  if (!violation.empty()) return violation;
  if (expiries_.size() != size()) return "a place in the wheel has no peer";
  if (records_.size() != size()) return "a record has no peer";
  return {};
}

}  // namespace throttle
