// Where the parts of a gate meet. Each function that removes a visitor does so as the last thing
// that it does to it: the visitor may be in the middle of a call of its own.
#include "libthrottle/gate/gate.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::gate {
namespace {

bool has_place(const Visitor& visitor) {
  return visitor.stage() == Stage::kAdmitted || visitor.stage() == Stage::kEnded;
}

}  // namespace

Gate::Gate(LedgerHub& hub, Clock clock, Options options, Receiver& receiver)
    : clock_(std::move(clock)),
      options_(std::move(options)),
      receiver_(receiver),
      arrivals_(roster_, options_),
      waiting_room_({hub, roster_, options_}, options_.semaphore, *this),
      extras_(options_),
      hub_(hub) {
  prepare_extras();
}

Gate::~Gate() {
  THROTTLE_CHECK(admitted_count() == 0);
  for (Visitor* visitor : roster_.all())
    remove(*visitor);
}

void Gate::arrive(std::unique_ptr<Visitor> visitor, const SocketAddress& client) {
  THROTTLE_CHECK(!stopped_);
  const TimePoint now = clock_();
  Visitor& added = roster_.add(std::move(visitor), client, now);
  follow(added, arrivals_.arrive(added, now));
}

void Gate::on_received(Visitor& visitor) {
  THROTTLE_CHECK(!has_place(visitor));
  follow(visitor, arrivals_.on_received(visitor, clock_()));
}

void Gate::follow(Visitor& visitor, const Arrivals::Decision& decision) {
  switch (decision.step) {
    case Arrivals::Step::kStays:
      if (Visitor* const excess = arrivals_.find_excess()) reject(*excess, Refusal::kSilent);
      return;
    case Arrivals::Step::kEnrolls:
      if (!enroll(visitor)) reject(visitor, Refusal::kQueueFull);
      return;
    case Arrivals::Step::kRejected:
      return reject(visitor, decision.refusal);
  }
}

void Gate::prepare_extras() {
  const std::string& semaphore = options_.extra_semaphore;
  if (options_.extra_per_client == 0 || (extra_room_ && extra_room_->is_of(semaphore))) return;
  WaitingRoom::Receiver& receiver = *this;
  const WaitingRoom::Context context{hub_, roster_, options_};
  extra_room_.emplace(context, semaphore, receiver);
  const SemaphoreIndex index = hub_.ledger().semaphore(semaphore)->index;
  extra_events_ = hub_.add_listener(index, [this](const LedgerEvent&) { give_extras(); });
}

bool Gate::enroll(Visitor& visitor) {
  const TimePoint now = clock_();
  if (options_.extra_per_client == 0) return waiting_room_.enroll(visitor, now);
  const bool as_extra = extras_.has_right(visitor) && extra_room_->has_place();
  if (!(as_extra ? *extra_room_ : waiting_room_).enroll(visitor, now)) return false;
  extras_.move(visitor, as_extra ? Share::kExtra : Share::kWaits);
  return true;
}

// Passes over those whose wait the ledger has ended without having reported it yet.
void Gate::give_extras() {
  const auto waits = [this](const Visitor& visitor) { return waiting_room_.waits(visitor); };
  while (extra_room_ && !stopped_ && extra_room_->has_place()) {
    Visitor* const next = extras_.find_entitled(waits);
    if (next == nullptr || !extra_room_->adopt(*next, clock_())) return;
    extras_.move(*next, Share::kExtra);
  }
}

void Gate::on_granted(Visitor& visitor) {
  if (visitor.share() == Share::kWaits) {
    extras_.move(visitor, Share::kPlace);
    give_extras();
  }
  visitor.on_admitted();
}

void Gate::on_left(Visitor& visitor) {
  THROTTLE_CHECK(!has_place(visitor));
  const Visit visit = visitor.visit();
  remove(visitor);
  receiver_.on_not_admitted(visit, Refusal::kNone);
}

void Gate::reject(Visitor& visitor, Refusal refusal) {
  THROTTLE_CHECK(!has_place(visitor) && refusal != Refusal::kNone);
  const Visit visit = visitor.visit();
  visitor.reject(options_.rejection, refusal);
  remove(visitor);
  receiver_.on_not_admitted(visit, refusal);
}

void Gate::leave(Visitor& visitor) {
  THROTTLE_CHECK(has_place(visitor));
  remove(visitor);
}

void Gate::turn_away(Visitor& visitor, Refusal refusal) {
  THROTTLE_CHECK(has_place(visitor) && refusal != Refusal::kNone);
  visitor.reject(options_.rejection, refusal);
  remove(visitor);
}

void Gate::limit_hold(const Visitor& visitor, Duration hold) {
  waiting_room_.limit_hold(visitor, clock_(), hold);
}

void Gate::remove(Visitor& visitor) {
  arrivals_.forget(visitor);
  const bool was_extra = visitor.share() == Share::kExtra;
  extras_.move(visitor, Share::kNone);
  waiting_room_.leave(visitor, clock_());
  roster_.remove(visitor);
  if (was_extra) give_extras();
}

void Gate::advance() {
  while (const auto overdue = arrivals_.pop_overdue(clock_()))
    reject(overdue->visitor, overdue->refusal);
}

void Gate::set_options(Options options) {
  options.semaphore = options_.semaphore;
  options_ = std::move(options);
  arrivals_.set_client_limits(options_.client_limits);
  prepare_extras();
  enter_into_extras();
  extras_.on_options_changed();
  give_extras();
}

// Those that came before there were extra places, in the order in which they came.
void Gate::enter_into_extras() {
  if (options_.extra_per_client == 0) return;
  std::vector<Visitor*> visitors = roster_.all();
  std::erase_if(visitors, [](const Visitor* visitor) {
    return visitor->stage() < Stage::kWaiting || visitor->share() != Share::kNone;
  });
  std::ranges::stable_sort(visitors, {},
                           [](const Visitor* each) { return each->visit().enrolled; });
  for (Visitor* const visitor : visitors)
    extras_.move(*visitor, visitor->stage() == Stage::kWaiting ? Share::kWaits : Share::kPlace);
}

// The receiver may drop places while it hears of a rejection, but can remove nobody who has none.
void Gate::stop() {
  if (std::exchange(stopped_, true)) return;
  std::vector<Visitor*> visitors = roster_.all();
  std::erase_if(visitors, [](const Visitor* visitor) { return has_place(*visitor); });
  for (Visitor* visitor : visitors)
    reject(*visitor, Refusal::kShutDown);
}

std::vector<WaitingView> Gate::waiting() const {
  std::vector<WaitingView> views;
  for (const Visitor* visitor : roster_.all()) {
    if (has_place(*visitor)) continue;
    views.push_back({.visit = visitor->visit(), .silent = visitor->stage() != Stage::kWaiting});
  }
  std::sort(views.begin(), views.end(), [](const WaitingView& one, const WaitingView& other) {
    return one.visit.accepted < other.visit.accepted;
  });
  return views;
}

std::optional<Visit> Gate::waiting(PeerId peer) const {
  const Visitor* const visitor = roster_.find(peer);
  if (visitor == nullptr || visitor->stage() != Stage::kWaiting) return std::nullopt;
  return visitor->visit();
}

std::size_t Gate::visit_silent(std::size_t from, std::size_t most,
                               const std::function<void(const Visit&)>& visit) const {
  std::size_t slot = from;
  for (; slot < roster_.slots() && slot - from < most; ++slot) {
    const Visitor* const visitor = roster_.in_slot(slot);
    if (visitor != nullptr && visitor->stage() < Stage::kWaiting) visit(visitor->visit());
  }
  return slot < roster_.slots() ? slot : 0;
}

}  // namespace throttle::gate
