// How the events of a semaphore become steps of visitors.
//
// An event may come late: its visitor may have been removed in the same turn, and then nobody is
// found for the peer. And a batch may hold several events of one visitor, such as a grant and the
// end of the lease; each is handled when it comes, in the stage that the one before led to.
#include "libthrottle/gate/waiting_room.h"

#include <algorithm>

#include "libthrottle/core/check.h"

namespace throttle::gate {
namespace {

// Why a visitor that the ledger took out of the queue is refused.
Refusal refusal_of(Cause cause) {
  switch (cause) {
    case Cause::kWaitLimit:
      return Refusal::kQueueTimeout;
    case Cause::kReleased:
    case Cause::kForced:
    case Cause::kExpired:
    case Cause::kHoldLimit:
      return Refusal::kKilled;
    case Cause::kNone:
    case Cause::kNeverFits:
    case Cause::kBreaksHierarchy:
    case Cause::kSemaphoreRemoved:
      break;
  }
  return Refusal::kShutDown;
}

}  // namespace

WaitingRoom::WaitingRoom(const Context& context, std::string semaphore, Receiver& receiver)
    : hub_(context.hub),
      roster_(context.roster),
      options_(context.options),
      receiver_(receiver),
      name_(std::move(semaphore)),
      semaphore_(semaphore_index()),
      granted_(grants() - unreported_grants()),
      subscription_(
          hub_.add_listener(semaphore_, [this](const LedgerEvent& event) { on_event(event); })) {}

SemaphoreIndex WaitingRoom::semaphore_index() const {
  const auto semaphore = hub_.ledger().semaphore(name_);
  THROTTLE_CHECK(semaphore);
  return semaphore->index;
}

std::uint64_t WaitingRoom::unreported_grants() const {
  const auto is_grant = [this](const LedgerEvent& event) {
    return event.kind == EventKind::kGranted && event.semaphore == semaphore_;
  };
  const std::span<const LedgerEvent> events = hub_.ledger().events();
  return static_cast<std::uint64_t>(std::count_if(events.begin(), events.end(), is_grant));
}

std::uint64_t WaitingRoom::grants() const {
  const auto semaphore = hub_.ledger().semaphore(name_);
  return semaphore ? semaphore->granted : granted_;
}

bool WaitingRoom::enroll(Visitor& visitor, TimePoint now) {
  THROTTLE_CHECK(visitor.stage_ < Stage::kWaiting && visitor.visit_.peer == 0);
  visitor.visit_.enrolled = now;
  visitor.visit_.position = grants();
  const AcquireOutcome outcome = acquire(visitor, now);
  const bool enrolled =
      outcome.status == AcquireStatus::kAcquired || outcome.status == AcquireStatus::kPending;
  if (!enrolled) return false;
  roster_.set_peer(visitor, outcome.peer);
  roster_.move(visitor, Stage::kWaiting);
  return true;
}

AcquireOutcome WaitingRoom::acquire(const Visitor& visitor, TimePoint now) {
  return hub_.ledger().enroll(
      now, {.spec = {.address = visitor.visit_.client, .label = options_.label},
            .semaphore = name_,
            .limits = {.wait = options_.queue_timeout, .oversize = Oversize::kWaits},
            .renewals = Renewals::kIgnored});
}

bool WaitingRoom::has_place() const {
  const auto semaphore = hub_.ledger().semaphore(name_);
  return semaphore && !semaphore->paused && !semaphore->retired && semaphore->waiting == 0 &&
         semaphore->acquired < semaphore->full_count;
}

bool WaitingRoom::waits(const Visitor& visitor) const {
  return visitor.stage_ == Stage::kWaiting &&
         hub_.ledger().is_acquired(visitor.visit_.peer) == false;
}

bool WaitingRoom::is_of(std::string_view semaphore) const {
  const auto configured = hub_.ledger().semaphore(semaphore);
  return name_ == semaphore && configured && configured->index == semaphore_;
}

bool WaitingRoom::adopt(Visitor& visitor, TimePoint now) {
  THROTTLE_CHECK(visitor.stage_ == Stage::kWaiting);
  const PeerId before = visitor.visit_.peer;
  if (hub_.ledger().is_acquired(before) != false || !has_place()) return false;
  const std::uint64_t position = grants();
  const AcquireOutcome outcome = acquire(visitor, now);
  if (outcome.status == AcquireStatus::kPending) hub_.ledger().remove_peer(now, outcome.peer);
  if (outcome.status != AcquireStatus::kAcquired) return false;
  visitor.visit_.position = position;
  roster_.change_peer(visitor, outcome.peer);
  hub_.ledger().remove_peer(now, before);
  return true;
}

void WaitingRoom::leave(const Visitor& visitor, TimePoint now) {
  if (visitor.visit_.peer != 0) hub_.ledger().remove_peer(now, visitor.visit_.peer);
}

void WaitingRoom::limit_hold(const Visitor& visitor, TimePoint now, Duration hold) {
  THROTTLE_CHECK(visitor.stage_ == Stage::kAdmitted || visitor.stage_ == Stage::kEnded);
  hub_.ledger().limit_hold(now, visitor.visit_.peer, hold);
}

void WaitingRoom::on_event(const LedgerEvent& event) {
  using enum EventKind;
  THROTTLE_CHECK(event.semaphore == semaphore_);
  if (event.kind == kGranted) ++granted_;
  Visitor* visitor = roster_.find(event.peer);
  if (visitor == nullptr) return;
  const Stage stage = visitor->stage_;
  if (event.kind == kGranted && stage == Stage::kWaiting) return on_granted(*visitor, event);
  if (event.kind == kWaitEnded && stage == Stage::kWaiting) {
    return receiver_.on_wait_ended(*visitor, refusal_of(event.cause));
  }
  if (event.kind == kLeaseEnded && stage == Stage::kAdmitted) {
    roster_.move(*visitor, Stage::kEnded);
    receiver_.on_place_ended(*visitor, event.cause);
  }
}

void WaitingRoom::on_granted(Visitor& visitor, const LedgerEvent& event) {
  Visit& visit = visitor.visit_;
  THROTTLE_CHECK(granted_ > visit.position);
  visit.granted = event.at;
  visit.position = granted_ - visit.position - 1;
  roster_.move(visitor, Stage::kAdmitted);
  receiver_.on_granted(visitor);
}

}  // namespace throttle::gate
