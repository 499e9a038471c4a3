// The routes of the first generation, 0.1.x: acquiring creates a peer, which holds one lock; after
// a restart of the server its clients bring back the peer under its old id with the next request
// that names it. PUT /peers/{id}, which both generations use, is in routes_current.cc.
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "libthrottle/lease/door_state.h"
#include "libthrottle/lease/request_line.h"
#include "libthrottle/lease/routes.h"

namespace throttle::lease {

using http::Call;
using Door = LeaseDoor::State;

namespace {

// The one lock that `pending` names.
Extracted<HeldLock> only_lock(const LockCounts& pending) {
  if (pending.by_name.empty()) {
    return tl::unexpected(json(400, R"("Nothing is asked for: name one semaphore in pending.")"));
  }
  if (pending.by_name.size() > 1) {
    return tl::unexpected(text(400,
                               "A peer acquires one lock at a time: name one semaphore in "
                               "pending, or acquire them with PUT /peers/{id}/{semaphore}."));
  }
  const auto& [semaphore, count] = *pending.by_name.begin();
  return HeldLock{semaphore, count};
}

// Milliseconds as a duration; what cannot be represented is as good as for ever.
Duration saturating_ms(std::uint64_t milliseconds) {
  constexpr auto kMost = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(kForever).count());
  if (milliseconds > kMost) return kForever;
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

Reply acquire(Door& door, const Call& call) {
  EnrollRequest request;
  request.spec.address = call.request.client;
  LockCounts pending{.least = 0};
  std::array fields = {Field{"pending", &pending}, Field{"expires_in", &request.spec.time_to_live},
                       Field{"label", &request.spec.label, Need::kOptional}};
  if (auto refusal = read_object(call.request, fields)) return refusal;
  if (auto refusal = door.refuse_expiry(request.spec.time_to_live)) return refusal;
  if (auto refusal = door.refuse_another_peer()) return refusal;
  auto lock = only_lock(pending);
  if (!lock) return std::move(lock).error();
  request.semaphore = lock->semaphore;
  request.count = lock->count;
  const AcquireOutcome outcome = door.ledger.enroll(call.now, std::move(request));
  if (outcome.status == AcquireStatus::kAcquired) {
    return with_token(json(201, std::to_string(outcome.peer)), outcome.token);
  }
  if (outcome.status == AcquireStatus::kPending) return json(202, std::to_string(outcome.peer));
  return refused(outcome, {lock->semaphore, lock->count});
}

// What block_until_acquired wants.
struct Block {
  PeerId peer = 0;
  PeerSpec spec;
  Duration limit{};
};

// The peer is renewed, and goes on waiting for what it requested first.
Reply block_known(Door& door, const Call& call, const Block& block, bool acquired) {
  door.ledger.heartbeat(call.now, block.peer, block.spec.time_to_live);
  if (acquired) return granted(Generation::kFirst, block.peer, 0);
  return door.wait(call, {.peer = block.peer, .generation = Generation::kFirst}, block.limit);
}

// The server was restarted, or a reload ended the wait while no request of the peer was parked: it
// requests its lock again, under the id it had.
Reply block_again(Door& door, const Call& call, const Block& block, const HeldLock& lock) {
  door.ledger.remove_peer(call.now, block.peer);  // it may be there without a lock
  const Parked parked{.peer = block.peer, .generation = Generation::kFirst};
  const AcquireOutcome outcome = door.ledger.enroll(
      call.now,
      {.spec = block.spec, .semaphore = lock.semaphore, .count = lock.count, .peer = block.peer});
  if (outcome.status == AcquireStatus::kAcquired) {
    return granted(Generation::kFirst, block.peer, outcome.token);
  }
  if (outcome.status == AcquireStatus::kPending) return door.wait(call, parked, block.limit);
  return refused(outcome, {lock.semaphore, lock.count});
}

Reply block_until_acquired(Door& door, const Call& call) {
  auto peer = peer_in_path(call.first);
  if (!peer) return std::move(peer).error();
  std::optional<std::uint64_t> timeout_ms;
  if (auto refusal = read_query(call.request.query, {{"timeout_ms", &timeout_ms}})) return refusal;
  Block block;
  block.peer = *peer;
  block.spec.address = call.request.client;
  block.limit = saturating_ms(timeout_ms.value_or(0));
  LockCounts pending{.least = 0};
  std::array fields = {Field{"pending", &pending}, Field{"expires_in", &block.spec.time_to_live}};
  if (auto refusal = read_object(call.request, fields)) return refusal;
  if (pending.by_name.empty()) return granted(Generation::kFirst, *peer, 0);
  if (auto refusal = door.refuse_expiry(block.spec.time_to_live)) return refusal;

  const auto acquired = door.ledger.is_acquired(*peer);
  if (acquired && !door.ledger.is_idle(*peer)) return block_known(door, call, block, *acquired);
  if (!acquired)
    if (auto refusal = door.refuse_another_peer()) return refusal;
  auto lock = only_lock(pending);
  if (!lock) return std::move(lock).error();
  return block_again(door, call, block, *lock);
}

Reply remove_expired(Door& door, const Call& call) {
  return json(200, std::to_string(door.expired_before + door.ledger.advance(call.now)));
}

// A test aid of old servers, which stalled them for a while. The stall is not reproduced.
Reply freeze(Door& /*door*/, const Call& /*call*/) {
  return ok();
}

constexpr std::array kRoutes = {
    Route{http::Method::kPost, "/acquire", acquire},
    Route{http::Method::kPost, "/peers/{id}/block_until_acquired", block_until_acquired},
    Route{http::Method::kPost, "/remove_expired", remove_expired},
    Route{http::Method::kPost, "/freeze", freeze},
};

}  // namespace

std::span<const Route> first_routes() {
  return kRoutes;
}

// For a known peer `active` is ignored: a published client shares one record of active locks among
// all peers of its process, so `active` may name locks of other peers. For an unknown peer all
// entries are restored, although perhaps only one is real: one too many excludes others for a
// while, one too few would let two peers hold one lock.
Reply keep_active(Door& door, const Call& call, const ActiveHeartbeat& heartbeat) {
  if (heartbeat.active.by_name.empty()) return ok();
  const auto known = door.ledger.heartbeat(call.now, heartbeat.peer, heartbeat.time_to_live);
  if (known == Presence::kKnown) return ok();
  if (auto refusal = door.refuse_another_peer()) return refusal;
  const std::vector<HeldLock> locks = heartbeat.active.locks();
  RestoreRequest request{
      .peer = heartbeat.peer, .spec = {}, .held = locks, .count_rule = CountRule::kZeroAllowed};
  request.spec.time_to_live = heartbeat.time_to_live;
  request.spec.address = call.request.client;
  const RestoreStatus status = door.ledger.restore(call.now, std::move(request));
  if (status == RestoreStatus::kRestored) return ok();
  return refused(status, heartbeat.peer, locks, door.ledger);
}

}  // namespace throttle::lease
