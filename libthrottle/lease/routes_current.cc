// The routes of clients from 0.2.0 on: a peer is created first, then acquires locks one by one.
#include <algorithm>
#include <array>
#include <utility>

#include "libthrottle/core/duration.h"
#include "libthrottle/lease/door_state.h"
#include "libthrottle/lease/peers_page.h"
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
  if (auto refusal = door.refuse_expiry(spec.time_to_live)) return refusal;
  if (auto refusal = door.refuse_another_peer()) return refusal;
  return json(200, std::to_string(door.ledger.add_peer(call.now, std::move(spec))));
}

Reply heartbeat(Door& door, const Call& call) {
  auto peer = peer_in_path(call.first);
  if (!peer) return std::move(peer).error();
  Duration time_to_live{};
  LockCounts active{.least = 0};
  std::array fields = {Field{"expires_in", &time_to_live},
                       Field{"active", &active, Need::kOptional}};
  if (auto refusal = read_object(call.request, fields)) return refusal;
  if (auto refusal = door.refuse_expiry(time_to_live)) return refusal;
  if (fields[1].seen) return keep_active(door, call, {*peer, time_to_live, active});
  const Presence presence = door.ledger.heartbeat(call.now, *peer, time_to_live);
  return presence == Presence::kKnown ? ok() : unknown_peer();
}

// Why and how an operator ends something. A client that ends what is its own says nothing of this.
struct Reason {
  std::optional<std::string> words;
  std::optional<std::string> by;
  std::optional<Duration> within;  // how long it may go on
  std::optional<Duration> bar;     // how long it may not be restored afterwards
  bool is_force() const { return words || within || bar; }
  Cause cause() const { return is_force() ? Cause::kForced : Cause::kReleased; }
};

Reply read_reason(const Call& call, Reason& reason) {
  constexpr std::size_t kMostBytes = 1000;
  if (auto refusal = read_query(call.request.query, {{"reason", &reason.words},
                                                     {"by", &reason.by},
                                                     {"within", &reason.within},
                                                     {"bar", &reason.bar}})) {
    return refusal;
  }
  for (const auto* const part : {&reason.words, &reason.by})
    if (*part && (*part)->size() > kMostBytes)
      return text(400, "Invalid query: reason and by have at most 1000 bytes each.");
  return std::nullopt;
}

struct Target {
  PeerId peer = 0;
  std::optional<std::string_view> semaphore = {};  // nothing if the peer is removed
};

void report_kick(const Door& door, const Call& call, const Target& target, Reason reason) {
  if (!reason.is_force() || !door.kick_witness) return;
  const auto peer = door.ledger.peer(target.peer);
  if (!peer) return;
  Kick kick{.at = call.now,
            .peer = target.peer,
            .from = call.request.client,
            .by = std::move(reason.by).value_or(""),
            .reason = std::move(reason.words).value_or(""),
            .within = reason.within,
            .bar = reason.bar};
  if (target.semaphore) {
    const auto is_it = [&target](const LeaseState& one) {
      return one.semaphore == target.semaphore;
    };
    const bool waits = peer->pending && is_it(*peer->pending);
    if (!waits && std::ranges::none_of(peer->leases, is_it)) return;
    if (const auto state = door.ledger.semaphore(*target.semaphore)) kick.semaphore = state->index;
  }
  door.kick_witness(kick);
}

Reply remove_peer(Door& door, const Call& call) {
  auto peer = peer_in_path(call.first);
  if (!peer) return std::move(peer).error();
  Reason reason;
  if (auto refusal = read_reason(call, reason)) return refusal;
  if (!door.ledger.contains(*peer)) return json(200, R"("Peer not found")");
  const Duration within = reason.within.value_or(Duration::zero());
  if (reason.bar) {
    const Duration barred = *reason.bar > kForever - within ? kForever : within + *reason.bar;
    if (!door.ledger.bar(call.now, *peer, barred)) return too_many_barred();
  }
  report_kick(door, call, {.peer = *peer}, reason);
  if (reason.within) {
    door.ledger.end_within(call.now, *peer, within);
    return json(200, R"("Peer ends within )" + format_duration(within) + '"');
  }
  const Presence presence = door.ledger.remove_peer(call.now, *peer, reason.cause());
  return json(200, presence == Presence::kKnown ? R"("Peer released")" : R"("Peer not found")");
}

Reply acquire(Door& door, const Call& call) {
  auto peer = peer_in_path(call.first);
  if (!peer) return std::move(peer).error();
  auto semaphore = semaphore_in_path(call.second);
  if (!semaphore) return std::move(semaphore).error();
  std::optional<Duration> expires_in;
  std::optional<Duration> block_for;
  if (auto refusal = read_query(call.request.query,
                                {{"expires_in", &expires_in}, {"block_for", &block_for}})) {
    return refusal;
  }
  auto count = read_count(call.request);
  if (!count) return std::move(count).error();
  if (auto refusal = door.refuse_expiry(expires_in)) return refusal;

  const AcquireOutcome outcome = door.ledger.acquire(
      call.now,
      {.peer = *peer, .semaphore = *semaphore, .count = *count, .expires_in = expires_in});
  if (outcome.status == AcquireStatus::kAcquired) {
    return granted(Generation::kCurrent, *peer, outcome.token);
  }
  if (outcome.status == AcquireStatus::kPending) {
    Parked parked{.peer = *peer};
    if (outcome.holds) parked.held_token = outcome.token;
    return door.wait(call, parked, block_for.value_or(Duration::zero()));
  }
  return refused(outcome, {*semaphore, *count});
}

Reply release(Door& door, const Call& call) {
  auto peer = peer_in_path(call.first);
  if (!peer) return std::move(peer).error();
  auto semaphore = semaphore_in_path(call.second);
  if (!semaphore) return std::move(semaphore).error();
  Reason reason;
  if (auto refusal = read_reason(call, reason)) return refusal;
  if (reason.within || reason.bar)
    return text(400,
                "Invalid query: within and bar are about a whole peer. Use DELETE /peers/ID, or "
                "leave them out.");
  report_kick(door, call, {*peer, *semaphore}, reason);
  switch (door.ledger.release(call.now, *peer, *semaphore, reason.cause())) {
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
  if (auto refusal = door.refuse_expiry(request.spec.time_to_live)) return refusal;
  if (!door.ledger.contains(peer))
    if (auto refusal = door.refuse_another_peer()) return refusal;
  const std::vector<HeldLock> locks = acquired.locks();
  request.held = locks;
  const RestoreStatus status = door.ledger.restore(call.now, std::move(request));
  if (status == RestoreStatus::kRestored || status == RestoreStatus::kAlreadyKnown) return ok();
  return refused(status, peer, locks, door.ledger);
}

Reply is_acquired(Door& door, const Call& call) {
  auto peer = peer_in_path(call.first);
  if (!peer) return std::move(peer).error();
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

Reply list_peers(Door& door, const Call& /*call*/) {
  http::Response response{.content_type = http::kJsonType};
  response.producer = peers_page(door.ledger);
  return response;
}

constexpr std::array kRoutes = {
    Route{http::Method::kPost, "/new_peer", new_peer},
    Route{http::Method::kPost, "/restore", restore},
    Route{http::Method::kGet, "/remainder", remainder},
    Route{http::Method::kGet, "/peers/", list_peers},
    Route{http::Method::kGet, "/peers", list_peers},
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
