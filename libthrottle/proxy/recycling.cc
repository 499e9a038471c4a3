// The steps of a recycling, and the pause of the semaphore around them.
#include "libthrottle/proxy/recycling.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::proxy {
namespace {

// The one way round; a restart that failed and a recycling that is given up go back to idle.
bool may_follow(Recycling::Step from, Recycling::Step to) {
  using enum Recycling::Step;
  switch (from) {
    case kIdle:
      return to == kDraining;
    case kDraining:
      return to == kRestarting || to == kIdle;
    case kRestarting:
      return to == kProbing || to == kIdle;
    case kProbing:
      return to == kIdle;
  }
  return false;
}

}  // namespace

void Recycling::move(Step to) {
  THROTTLE_CHECK(may_follow(step_, to));
  step_ = to;
}

// The ledger takes an instant of the past for the latest that it has seen.
Recycling::~Recycling() {
  resume(TimePoint());
}

bool Recycling::count(std::size_t every) {
  ++counted_;
  return every > 0 && counted_ >= every;
}

bool Recycling::begin(std::string_view semaphore, std::string_view other) {
  THROTTLE_CHECK(!semaphore.empty());
  if (step_ != Step::kIdle) return false;
  move(Step::kDraining);
  counted_ = 0;
  if (!paused_) {
    paused_ = semaphore;
    hub_.ledger().pause(semaphore);
    other_ = other;
    const auto watch = [this](std::string_view name) -> LedgerHub::Subscription {
      const auto state = hub_.ledger().semaphore(name);
      if (!state) return {};
      return hub_.add_listener(state->index, [this](const LedgerEvent&) { restart_if_empty(); });
    };
    leases_ = watch(semaphore);
    other_leases_ = watch(other_);
  }
  restart_if_empty();
  return true;
}

void Recycling::on_probed(TimePoint now) {
  THROTTLE_CHECK(step_ == Step::kProbing);
  finish(now);
}

void Recycling::hold(const Activation& activation) {
  THROTTLE_CHECK(holds_back() && !holds(activation.peer));
  held_.push_back(activation);
  restart_if_empty();
}

void Recycling::drop(PeerId peer) {
  std::erase_if(held_, [peer](const Activation& held) { return held.peer == peer; });
}

bool Recycling::holds(PeerId peer) const {
  return std::ranges::count(held_, peer, &Activation::peer) > 0;
}

void Recycling::stop_draining() {
  if (step_ == Step::kDraining) restart();
}

void Recycling::give_up(TimePoint now) {
  if (step_ != Step::kIdle) move(Step::kIdle);
  held_.clear();
  resume(now);
}

void Recycling::on_restarted(TimePoint now, bool succeeded) {
  THROTTLE_CHECK(step_ == Step::kRestarting);
  if (!succeeded) return finish(now);
  move(Step::kProbing);
  actions_.probe();
}

// The ledger may be ahead of what it has reported: a connection that is held may have lost its
// lease, and one that was granted its place may not have come yet.
bool Recycling::empty() const {
  THROTTLE_CHECK(paused_.has_value());
  const auto semaphore = hub_.ledger().semaphore(*paused_);
  if (!semaphore) return true;
  const auto other = hub_.ledger().semaphore(other_);
  const Count acquired = semaphore->acquired + (other ? other->acquired : 0);
  const auto has_place = [this](const Activation& held) { return has_lease(held.peer); };
  return acquired <= std::ranges::count_if(held_, has_place);
}

// Its peer may be there without one: over HTTP others may release what it has.
bool Recycling::has_lease(PeerId peer) const {
  const LeaseLedger& ledger = hub_.ledger();
  return ledger.contains(peer) && !ledger.is_idle(peer);
}

void Recycling::restart() {
  move(Step::kRestarting);
  actions_.restart();
}

void Recycling::restart_if_empty() {
  if (step_ == Step::kDraining && empty()) restart();
}

void Recycling::finish(TimePoint now) {
  move(Step::kIdle);
  while (step_ == Step::kIdle && !held_.empty()) {
    const Activation next = held_.front();
    held_.pop_front();
    if (has_lease(next.peer)) actions_.let_go(next);
  }
  if (step_ == Step::kIdle) resume(now);
}

void Recycling::resume(TimePoint now) {
  const auto semaphore = std::exchange(paused_, std::nullopt);
  if (!semaphore) return;
  leases_ = {};
  other_leases_ = {};
  hub_.ledger().resume(now, *semaphore);
}

}  // namespace throttle::proxy
