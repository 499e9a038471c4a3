// The steps of a simulated client.
#include "tests/sim/lease_client.h"

namespace throttle::testing {

using namespace std::chrono_literals;

namespace {

constexpr Duration kHeartbeatInterval = 1s;
constexpr Duration kAskInterval = 800ms;  // as if it waited that long for an answer

PeerSpec spec_of(Duration time_to_live) {
  return {.time_to_live = time_to_live, .address = {}, .label = {}};
}

}  // namespace

void LeaseClient::step(bool more_work) {
  if (plan_.empty()) {
    if (!more_work || !world_->happens(30)) return;
    make_plan();
  }
  if (!peer_ && make_peer() == Heard::kNo) return;
  if (world_->now() >= next_heartbeat_) send_heartbeat();
  if (!peer_) return;
  if (held_ < plan_.size()) {
    if (world_->now() >= next_ask_) acquire_next();
  } else if (world_->now() >= works_until_.value()) {
    give_back();
  }
}

Count LeaseClient::believes_to_hold(const std::string& semaphore) const {
  Count sum = 0;
  for (std::size_t i = 0; i < held_; ++i) {
    if (plan_[i].semaphore == semaphore) sum += plan_[i].count;
  }
  return sum;
}

void LeaseClient::make_plan() {
  const std::size_t certain = world_->below(World::names().size());
  for (std::size_t i = 0; i < World::names().size(); ++i) {
    const std::string& name = World::names()[i];
    if (i == certain || world_->below(2) == 0)
      plan_.push_back({name, static_cast<Count>(1 + world_->below(2))});
  }
  time_to_live_ = 1ms * (3000 + world_->below(6000));
}

LeaseClient::Heard LeaseClient::make_peer() {
  peer_ = world_->request_once([this](CheckedLedger& ledger, TimePoint now) {
    return ledger.add_peer(now, spec_of(time_to_live_));
  });
  next_heartbeat_ = world_->now() + kHeartbeatInterval;
  next_ask_ = world_->now();
  return peer_ ? Heard::kYes : Heard::kNo;
}

void LeaseClient::send_heartbeat() {
  const auto presence = world_->request([this](CheckedLedger& ledger, TimePoint now) {
    return ledger.heartbeat(now, *peer_, time_to_live_);
  });
  if (!presence) return;
  next_heartbeat_ = world_->now() + kHeartbeatInterval;
  if (*presence == Presence::kUnknown) restore();
}

void LeaseClient::acquire_next() {
  const Lock& wanted = plan_[held_];
  const auto outcome = world_->request([&](CheckedLedger& ledger, TimePoint now) {
    return ledger.acquire(now, {.peer = *peer_,
                                .semaphore = wanted.semaphore,
                                .count = wanted.count,
                                .expires_in = time_to_live_});
  });
  if (!outcome) return;
  next_ask_ = world_->now() + kAskInterval;
  switch (outcome->status) {
    case AcquireStatus::kPending:
    case AcquireStatus::kQueueFull:
      return;
    case AcquireStatus::kUnknownPeer:
      restore();
      return;
    case AcquireStatus::kAcquired:
      break;
    default:
      give_up();
      return;  // a reload made the plan impossible
  }
  if (++held_ == plan_.size()) works_until_ = world_->now() + 1ms * world_->below(3000);
}

// Lock by lock, the last one first, or all at once with the peer.
void LeaseClient::give_back() {
  if (world_->below(2) == 0) return give_up();
  while (held_ > 0) {
    const auto status = world_->request([this](CheckedLedger& ledger, TimePoint now) {
      return ledger.release(now, *peer_, plan_[held_ - 1].semaphore);
    });
    if (!status) return;  // it tries again
    plan_.pop_back();
    --held_;
  }
  give_up();
}

void LeaseClient::restore() {
  std::vector<HeldLock> held;
  for (std::size_t i = 0; i < held_; ++i)
    held.push_back({plan_[i].semaphore, plan_[i].count});
  const auto status = world_->request([&](CheckedLedger& ledger, TimePoint now) {
    return ledger.restore(now, {.peer = *peer_, .spec = spec_of(time_to_live_), .held = held});
  });
  if (!status) return;
  if (*status != RestoreStatus::kRestored && *status != RestoreStatus::kAlreadyKnown) give_up();
}

// Sends the peer away, or lets it expire if that does not arrive.
void LeaseClient::give_up() {
  const auto presence = world_->request(
      [this](CheckedLedger& ledger, TimePoint now) { return ledger.remove_peer(now, *peer_); });
  if (!presence && world_->below(2) == 0) return;
  forget();
}

void LeaseClient::forget() {
  plan_.clear();
  held_ = 0;
  peer_.reset();
  works_until_.reset();
}

}  // namespace throttle::testing
