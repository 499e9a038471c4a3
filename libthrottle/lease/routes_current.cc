// The routes of clients from 0.2.0 on: a peer is created first, then acquires locks one by one.
#include <array>
#include <utility>

#include "libthrottle/lease/door_state.h"
#include "libthrottle/lease/request_line.h"
#include "libthrottle/lease/routes.h"

namespace throttle::lease {

using http::Call;
using Door = LeaseDoor::State;

namespace {

Reply new_peer(Door& door, const Call& call) {
  PeerSpec spec;
  spec.address = call.request.client;
  std::array fields = {Field{"expires_in", &spec.time_to_live},
                       Field{"label", &spec.label, Need::kOptional}};
  if (auto refusal = read_object(call.request, fields)) return refusal;
  return json(200, std::to_string(door.ledger.add_peer(call.now, std::move(spec))));
}

Reply heartbeat(Door& door, const Call& call) {
  const auto peer = peer_in_path(call.first);
  if (!peer) return peer.error();
  Duration time_to_live{};
  LockCounts active{.least = 0};
  std::array fields = {Field{"expires_in", &time_to_live},
                       Field{"active", &active, Need::kOptional}};
  if (auto refusal = read_object(call.request, fields)) return refusal;
  if (fields[1].seen) return keep_active(door, call, {*peer, time_to_live, active});
  const Presence presence = door.ledger.heartbeat(call.now, *peer, time_to_live);
  return presence == Presence::kKnown ? ok() : unknown_peer();
}

Reply remove_peer(Door& door, const Call& call) {
  const auto peer = peer_in_path(call.first);
  if (!peer) return peer.error();
  const Presence presence = door.ledger.remove_peer(call.now, *peer);
  return json(200, presence == Presence::kKnown ? R"("Peer released")" : R"("Peer not found")");
}

Reply acquire(Door& door, const Call& call) {
  const auto peer = peer_in_path(call.first);
  if (!peer) return peer.error();
  const auto semaphore = semaphore_in_path(call.second);
  if (!semaphore) return semaphore.error();
  std::optional<Duration> expires_in;
  std::optional<Duration> block_for;
  if (auto refusal = read_query(call.request.query,
                                {{"expires_in", &expires_in}, {"block_for", &block_for}})) {
    return refusal;
  }
  const auto count = read_count(call.request);
  if (!count) return count.error();

  if (block_for) door.ledger.advance(call.now);  // what is due is no news for this request
  const std::uint64_t first_news = door.next_event();
  const AcquireOutcome outcome = door.ledger.acquire(
      call.now,
      {.peer = *peer, .semaphore = *semaphore, .count = *count, .expires_in = expires_in});
  if (outcome.status == AcquireStatus::kAcquired) {
    return granted(Generation::kCurrent, *peer, outcome.token);
  }
  if (outcome.status == AcquireStatus::kPending) {
    return door.wait(call, {.peer = *peer, .held_token = outcome.token, .first_news = first_news},
                     block_for.value_or(Duration::zero()));
  }
  return refused(outcome, {*semaphore, *count});
}

Reply release(Door& door, const Call& call) {
  const auto peer = peer_in_path(call.first);
  if (!peer) return peer.error();
  const auto semaphore = semaphore_in_path(call.second);
  if (!semaphore) return semaphore.error();
  switch (door.ledger.release(call.now, *peer, *semaphore)) {
    case ReleaseStatus::kUnknownSemaphore:
      return unknown_semaphore(*semaphore);
    case ReleaseStatus::kUnknownPeer:
      return unknown_peer();
    case ReleaseStatus::kReleased:
    case ReleaseStatus::kCancelled:
    case ReleaseStatus::kNotHeld:
      break;
  }
  return ok();
}

Reply restore(Door& door, const Call& call) {
  RestoreRequest request;
  request.spec.address = call.request.client;
  LockCounts acquired;
  std::array fields = {Field{"expires_in", &request.spec.time_to_live},
                       Field{"peer_id", &request.peer}, Field{"acquired", &acquired},
                       Field{"label", &request.spec.label, Need::kOptional}};
  if (auto refusal = read_object(call.request, fields)) return refusal;
  const PeerId peer = request.peer;
  const std::vector<HeldLock> locks = acquired.locks();
  request.held = locks;
  const RestoreStatus status = door.ledger.restore(call.now, std::move(request));
  if (status == RestoreStatus::kRestored || status == RestoreStatus::kAlreadyKnown) return ok();
  return refused(status, peer, locks, door.ledger);
}

Reply is_acquired(Door& door, const Call& call) {
  const auto peer = peer_in_path(call.first);
  if (!peer) return peer.error();
  door.ledger.advance(call.now);
  const std::optional<bool> acquired = door.ledger.is_acquired(*peer);
  if (!acquired) return unknown_peer();
  return json(200, *acquired ? "true" : "false");
}

Reply remainder(Door& door, const Call& call) {
  std::optional<std::string> semaphore;
  if (auto refusal = read_query(call.request.query, {{"semaphore", &semaphore}})) return refusal;
  if (!semaphore) {
    return text(400, "Invalid query: semaphore is missing. Ask GET /remainder?semaphore=NAME.");
  }
  door.ledger.advance(call.now);
  const std::optional<Count> count = door.ledger.remainder(*semaphore);
  if (!count) return unknown_semaphore(*semaphore);
  return json(200, std::to_string(*count));
}

Reply list_peers(Door& door, const Call& call) {
  door.ledger.advance(call.now);
  std::string list = "[";
  door.ledger.visit_peers([&list](const PeerState& peer) {
    if (list.size() > 1) list += ',';
    list.append(R"({"id":)").append(std::to_string(peer.id)).append("}");
  });
  return json(200, std::move(list.append("]")));
}

constexpr std::array kRoutes = {
    Route{http::Method::kPost, "/new_peer", new_peer},
    Route{http::Method::kPost, "/restore", restore},
    Route{http::Method::kGet, "/remainder", remainder},
    Route{http::Method::kGet, "/peers/", list_peers},
    Route{http::Method::kPut, "/peers/{id}", heartbeat},
    Route{http::Method::kDelete, "/peers/{id}", remove_peer},
    Route{http::Method::kGet, "/peers/{id}/is_acquired", is_acquired},
    Route{http::Method::kPut, "/peers/{id}/{semaphore}", acquire},
    Route{http::Method::kDelete, "/peers/{id}/{semaphore}", release},
};

}  // namespace

std::span<const Route> current_routes() {
  return kRoutes;
}

}  // namespace throttle::lease
