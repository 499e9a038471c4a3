// What can be asked of the naive ledger: each answer is counted again from the list of peers.
#include <algorithm>
#include <limits>

#include "tests/testing/naive_ledger.h"

namespace throttle::testing {

namespace {

constexpr Count kMost = std::numeric_limits<Count>::max();
constexpr Count kLeast = std::numeric_limits<Count>::min();

Count saturating_sum(Count sum, Count more) {
  return sum > kMost - more ? kMost : sum + more;
}

}  // namespace

std::optional<NaiveLedger::Position> NaiveLedger::position_of(PeerId id) const {
  for (Position i = 0; i < peers_.size(); ++i) {
    if (peers_[i].id == id) return i;
  }
  return std::nullopt;
}

std::optional<SemaphoreIndex> NaiveLedger::index_of(std::string_view name) const {
  for (SemaphoreIndex i = 0; i < semaphores_.size(); ++i) {
    const bool known = semaphores_[i].configured || is_leased(i);
    if (known && semaphores_[i].settings.name == name) return i;
  }
  return std::nullopt;
}

std::optional<SemaphoreIndex> NaiveLedger::configured_index(std::string_view name) const {
  const auto index = index_of(name);
  return index && semaphores_[*index].configured ? index : std::nullopt;
}

bool NaiveLedger::is_leased(SemaphoreIndex semaphore) const {
  return std::any_of(peers_.begin(), peers_.end(), [semaphore](const Peer& peer) {
    return lease_of(peer, semaphore) != nullptr;
  });
}

const NaiveLedger::Lease* NaiveLedger::lease_of(const Peer& peer, SemaphoreIndex semaphore) {
  for (const Lease& lease : peer.leases) {
    if (lease.semaphore == semaphore) return &lease;
  }
  return nullptr;
}

Count NaiveLedger::acquired(SemaphoreIndex semaphore) const {
  Count sum = 0;
  for (const Peer& peer : peers_) {
    if (const Lease* lease = lease_of(peer, semaphore)) sum = saturating_sum(sum, lease->count);
  }
  return sum;
}

Count NaiveLedger::remainder_of(SemaphoreIndex semaphore) const {
  const Count full = semaphores_[semaphore].settings.full_count;
  const Count held = acquired(semaphore);
  return full < kLeast + held ? kLeast : full - held;
}

// Where nothing is configured there is no limit to exceed.
Count NaiveLedger::excess_of(SemaphoreIndex semaphore) const {
  if (!semaphores_[semaphore].configured) return 0;
  const Count full = std::max<Count>(0, semaphores_[semaphore].settings.full_count);
  return std::max<Count>(0, acquired(semaphore) - full);
}

std::vector<NaiveLedger::Position> NaiveLedger::waiting_for(SemaphoreIndex semaphore) const {
  std::vector<Position> waiting;
  for (Position i = 0; i < peers_.size(); ++i) {
    if (peers_[i].wait && peers_[i].wait->semaphore == semaphore) waiting.push_back(i);
  }
  std::sort(waiting.begin(), waiting.end(), [this](Position a, Position b) {
    return peers_[a].wait->arrival < peers_[b].wait->arrival;
  });
  return waiting;
}

std::optional<NaiveLedger::Position> NaiveLedger::head_of(SemaphoreIndex semaphore) const {
  const std::vector<Position> waiting = waiting_for(semaphore);
  if (waiting.empty()) return std::nullopt;
  switch (semaphores_[semaphore].settings.order) {
    case QueueOrder::kFifo:
      return waiting.front();
    case QueueOrder::kLifo:
      return waiting.back();
    case QueueOrder::kFair:
      break;
  }
  const IpAddress next = semaphores_[semaphore].round.front();
  return *std::find_if(waiting.begin(), waiting.end(),
                       [&](Position position) { return client_of(peers_[position]) == next; });
}

// An IPv4 address, or an IPv6 network of 64 bits.
IpAddress NaiveLedger::client_of(const Peer& peer) {
  IpAddress::Bytes bytes = peer.address.ip.bytes();
  if (!peer.address.ip.is_v4()) std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return IpAddress::from_v6(bytes);
}

std::optional<std::int32_t> NaiveLedger::lowest_level(const Peer& peer) const {
  std::optional<std::int32_t> lowest;
  for (const Lease& lease : peer.leases) {
    const std::int32_t level = semaphores_[lease.semaphore].settings.level;
    lowest = lowest ? std::min(*lowest, level) : level;
  }
  return lowest;
}

// Why what the peer waits for cannot come; absent if it can.
std::optional<Cause> NaiveLedger::why_never_served(const Peer& peer) const {
  const Semaphore& semaphore = semaphores_[peer.wait->semaphore];
  if (!semaphore.configured) return Cause::kSemaphoreRemoved;
  if (never_fits(peer.wait->semaphore, peer.wait->count, peer.wait->oversize)) {
    return Cause::kNeverFits;
  }
  const auto lowest = lowest_level(peer);
  if (lowest && *lowest <= semaphore.settings.level) return Cause::kBreaksHierarchy;
  return std::nullopt;
}

bool NaiveLedger::never_fits(SemaphoreIndex semaphore, Count count, Oversize oversize) const {
  const Count full_count = semaphores_[semaphore].settings.full_count;
  return oversize == Oversize::kRefused && full_count > 0 && count > full_count;
}

bool NaiveLedger::grace_is_over() const {
  return now_ >= saturating_add(options_.start, options_.startup_grace);
}

bool NaiveLedger::grants_open(SemaphoreIndex semaphore) const {
  return grace_is_over() && semaphores_[semaphore].pauses == 0;
}

// Whether the request would be the next to be served, and fits.
bool NaiveLedger::granted_on_arrival(SemaphoreIndex semaphore, Count count) const {
  const bool would_be_head =
      semaphores_[semaphore].settings.order == QueueOrder::kLifo || waiting_for(semaphore).empty();
  return would_be_head && grants_open(semaphore) && count <= remainder_of(semaphore);
}

bool NaiveLedger::queue_is_full(SemaphoreIndex semaphore) const {
  return waiting_for(semaphore).size() >= semaphores_[semaphore].settings.max_pending;
}

TimePoint NaiveLedger::next_deadline() const {
  TimePoint next = kNever;
  for (const Peer& peer : peers_) {
    next = std::min(next, std::max(peer.removal(), spared_until_));
    if (peer.wait) next = std::min(next, peer.wait->dropped_at);
  }
  if (!grace_is_over())
    next = std::min(next, saturating_add(options_.start, options_.startup_grace));
  return next;
}

std::optional<bool> NaiveLedger::is_acquired(PeerId id) const {
  const auto position = position_of(id);
  if (!position) return std::nullopt;
  return !peers_[*position].wait.has_value();
}

std::vector<PeerId> NaiveLedger::queue(std::string_view semaphore) const {
  std::vector<PeerId> ids;
  for (const Position position : waiting_for(index_of(semaphore).value()))
    ids.push_back(peers_[position].id);
  return ids;
}

bool NaiveLedger::is_limited(PeerId id) const {
  const auto position = position_of(id);
  if (!position) return false;
  const Peer& peer = peers_[*position];
  return peer.hold_end || peer.is_fixed || peer.forced_end;
}

std::optional<Count> NaiveLedger::remainder(std::string_view semaphore) const {
  const auto index = configured_index(semaphore);
  if (!index) return std::nullopt;
  return remainder_of(*index);
}

SemaphoreState NaiveLedger::describe(SemaphoreIndex semaphore) const {
  const std::vector<Position> waiting = waiting_for(semaphore);
  SemaphoreState state;
  state.name = semaphores_[semaphore].settings.name;
  state.index = semaphore;
  state.full_count = semaphores_[semaphore].settings.full_count;
  state.acquired = acquired(semaphore);
  for (const Position position : waiting)
    state.pending = saturating_sum(state.pending, peers_[position].wait->count);
  state.waiting = waiting.size();
  if (!waiting.empty()) state.longest_wait = now_ - peers_[waiting.front()].wait->since;
  state.granted = semaphores_[semaphore].granted;
  state.paused = semaphores_[semaphore].pauses > 0;
  state.retired = !semaphores_[semaphore].configured;
  return state;
}

std::vector<SemaphoreState> NaiveLedger::semaphores() const {
  std::vector<SemaphoreState> states;
  for (SemaphoreIndex i = 0; i < semaphores_.size(); ++i) {
    if (semaphores_[i].configured || is_leased(i)) states.push_back(describe(i));
  }
  std::sort(states.begin(), states.end(),
            [](const SemaphoreState& a, const SemaphoreState& b) { return a.name < b.name; });
  return states;
}

void NaiveLedger::visit_peers(const std::function<void(const PeerState&)>& visit) const {
  const auto name = [this](SemaphoreIndex i) -> std::string_view {
    return semaphores_[i].settings.name;
  };
  for (const Peer& peer : peers_) {
    std::vector<LeaseState> leases;
    for (const Lease& lease : peer.leases) {
      leases.push_back({name(lease.semaphore), lease.count, lease.token, lease.since});
    }
    PeerState state;
    state.id = peer.id;
    state.address = peer.address;
    state.label = peer.label;
    state.removal = peer.removal();
    state.leases = leases;
    if (peer.wait) {
      state.pending = LeaseState{name(peer.wait->semaphore), peer.wait->count, 0, peer.wait->since};
    }
    visit(state);
  }
}

}  // namespace throttle::testing
