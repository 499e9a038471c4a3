// Adds the routes, parks requests and answers them.
//
// A parked request leaves the lot in one of four ways: an event of its peer (observe), its deadline
// (advance), its client (abandon), or the end of parking (stop_parking). The first, second and
// fourth append to answers, which the caller takes; the third answers nobody.
#include "libthrottle/lease/lease_door.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/lease/answers.h"
#include "libthrottle/lease/door_state.h"
#include "libthrottle/lease/routes.h"

namespace throttle::lease {

LeaseDoor::LeaseDoor(LeaseLedger& ledger) : state_(std::make_unique<State>(ledger)) {}
LeaseDoor::~LeaseDoor() = default;

void LeaseDoor::add_routes(http::Router& router) {
  for (const std::span<const Route> routes : {current_routes(), first_routes()}) {
    for (const Route& route : routes) {
      router.add(route.method, route.pattern,
                 [door = state_.get(), handler = route.handler](const http::Call& call) {
                   return handler(*door, call);
                 });
    }
  }
}

void LeaseDoor::set_bounds(const Bounds& bounds) {
  state_->bounds = bounds;
}

void LeaseDoor::set_kick_witness(KickWitness witness) {
  state_->kick_witness = std::move(witness);
}

Reply LeaseDoor::State::refuse_another_peer() const {
  if (!ledger.has_room()) return out_of_memory();
  if (ledger.peer_count() < bounds.peers) return std::nullopt;
  return too_many_peers(bounds.peers);
}

Reply LeaseDoor::State::refuse_expiry(std::optional<Duration> expires_in) const {
  if (!expires_in || *expires_in <= bounds.expires_in) return std::nullopt;
  return expires_too_late(bounds.expires_in);
}

// --- parking and waking ---

Reply LeaseDoor::State::wait(const http::Call& call, Parked parked, Duration limit) {
  if (!parking || limit <= Duration::zero()) return pending(parked.generation, parked.peer);
  THROTTLE_CHECK(call.exchange != 0);
  parked.exchange = call.exchange;
  lot.park(parked, saturating_add(call.now, limit));
  return std::nullopt;
}

http::Response LeaseDoor::State::verdict(const Parked& parked, const LedgerEvent& event) const {
  if (event.kind == EventKind::kPeerRemoved || !ledger.contains(parked.peer)) return unknown_peer();
  if (event.kind == EventKind::kGranted) {
    return granted(parked.generation, parked.peer, parked.held_token.value_or(event.token));
  }
  // What it waited for beside the lock it named is gone, and the named one is held.
  if (parked.held_token) return granted(parked.generation, parked.peer, *parked.held_token);
  const std::string_view semaphore = ledger.semaphore_name(event.semaphore);
  switch (event.cause) {
    case Cause::kSemaphoreRemoved:
      return unknown_semaphore(std::string(semaphore));
    case Cause::kBreaksHierarchy:
      return hierarchy_changed(semaphore);
    case Cause::kNeverFits: {
      const auto now = ledger.semaphore(semaphore);
      return never_fits({semaphore, event.count}, now ? now->full_count : 0);
    }
    case Cause::kNone:
    case Cause::kReleased:
    case Cause::kExpired:
    case Cause::kHoldLimit:
    case Cause::kWaitLimit:
    case Cause::kForced:
      break;
  }
  return pending(parked.generation, parked.peer);
}

void LeaseDoor::begin_request(TimePoint now) {
  state_->expired_before = state_->ledger.advance(now);
}

void LeaseDoor::observe(std::span<const LedgerEvent> events) {
  State& state = *state_;
  for (const LedgerEvent& event : events) {
    if (state.lot.size() == 0) return;
    const bool ends_a_wait =
        event.kind == EventKind::kGranted || event.kind == EventKind::kWaitEnded ||
        (event.kind == EventKind::kPeerRemoved && !state.ledger.contains(event.peer));
    if (!ends_a_wait) continue;
    while (const auto parked = state.lot.take_oldest(event.peer))
      state.answers.push_back({parked->exchange, state.verdict(*parked, event)});
  }
}

void LeaseDoor::advance(TimePoint now) {
  while (const auto parked = state_->lot.take_due(now))
    state_->answers.push_back({parked->exchange, pending(parked->generation, parked->peer)});
}

void LeaseDoor::abandon(http::ExchangeId exchange) {
  state_->lot.take(exchange);
}

void LeaseDoor::stop_parking() {
  state_->parking = false;
  advance(kNever);
}

std::vector<Answer> LeaseDoor::take_answers() {
  return std::exchange(state_->answers, {});
}

TimePoint LeaseDoor::next_deadline() const {
  return state_->lot.next_deadline();
}

std::size_t LeaseDoor::parked_count() const {
  return state_->lot.size();
}

}  // namespace throttle::lease
