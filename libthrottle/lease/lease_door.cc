#include "libthrottle/lease/lease_door.h"

#include <utility>

#include "libthrottle/lease/answers.h"
#include "libthrottle/lease/door_state.h"
#include "libthrottle/lease/routes.h"

namespace throttle::lease {

LeaseDoor::LeaseDoor(LeaseLedger& ledger) : state_(std::make_unique<State>(ledger)) {}
LeaseDoor::~LeaseDoor() = default;

void LeaseDoor::add_routes(http::Router& router) {
  for (const std::span<const Route> routes : {current_routes(), first_routes(), view_routes()}) {
    for (const Route& route : routes) {
      router.add(route.method, route.pattern,
                 [door = state_.get(), handler = route.handler](const http::Call& call) {
                   return handler(*door, call);
                 });
    }
  }
}

// --- parking and waking ---

Reply LeaseDoor::State::wait(const http::Call& call, Parked parked, Duration limit) {
  if (!parking || limit <= Duration::zero()) return pending(parked.generation, parked.peer);
  parked.exchange = call.exchange;
  lot.park(parked, saturating_add(call.now, limit));
  return std::nullopt;
}

http::Response LeaseDoor::State::verdict(const Parked& parked, const LedgerEvent& event) const {
  if (event.kind == EventKind::kPeerRemoved || !ledger.contains(parked.peer)) return unknown_peer();
  if (event.kind == EventKind::kGranted) {
    return granted(parked.generation, parked.peer,
                   parked.held_token != 0 ? parked.held_token : event.token);
  }
  // What it waited for beside the lock it named is gone, and the named one is held.
  if (parked.held_token != 0) return granted(parked.generation, parked.peer, parked.held_token);
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
      break;
  }
  return pending(parked.generation, parked.peer);
}

void LeaseDoor::observe(std::span<const LedgerEvent> events) {
  State& state = *state_;
  for (const LedgerEvent& event : events) {
    const std::uint64_t number = state.events_observed++;
    const bool ends_a_wait = event.kind == EventKind::kGranted ||
                             event.kind == EventKind::kWaitEnded ||
                             event.kind == EventKind::kPeerRemoved;
    if (!ends_a_wait || state.lot.size() == 0) continue;
    while (const auto parked = state.lot.take_concerned(event.peer, number))
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
