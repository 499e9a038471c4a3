#include "libthrottle/proxy/recycling.h"

#include <algorithm>
#include <span>
#include <utility>

namespace throttle::proxy {

// The ledger takes an instant of the past for the latest that it has seen.
Recycling::~Recycling() {
  resume(TimePoint());
}

bool Recycling::count(std::size_t every) {
  ++counted_;
  return every > 0 && counted_ >= every;
}

bool Recycling::begin(std::string_view semaphore) {
  if (step_ != Step::kIdle) return false;
  step_ = Step::kDraining;
  counted_ = 0;
  if (!paused_) {
    paused_ = semaphore;
    hub_.ledger().pause(semaphore);
    leases_ = hub_.add_observer([this](std::span<const LedgerEvent>) { restart_if_empty(); });
  }
  restart_if_empty();
  return true;
}

void Recycling::hold(const Activation& activation) {
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

void Recycling::on_restarted(TimePoint now, bool succeeded) {
  if (!succeeded) return finish(now);
  step_ = Step::kProbing;
  actions_.probe();
}

// The ledger may be ahead of what we were told: a connection that is held may have lost its lease,
// and one that was granted its place may not have come yet.
bool Recycling::empty() const {
  const LeaseLedger& ledger = hub_.ledger();
  const auto semaphore = ledger.semaphore(*paused_);
  if (!semaphore) return true;
  const auto lives = [&](const Activation& held) { return ledger.contains(held.peer); };
  return semaphore->acquired <= std::ranges::count_if(held_, lives);
}

void Recycling::restart() {
  step_ = Step::kRestarting;
  actions_.restart();
}

void Recycling::restart_if_empty() {
  if (step_ == Step::kDraining && empty()) restart();
}

void Recycling::finish(TimePoint now) {
  step_ = Step::kIdle;
  while (step_ == Step::kIdle && !held_.empty()) {
    const Activation next = held_.front();
    held_.pop_front();
    if (hub_.ledger().contains(next.peer)) actions_.let_go(next);
  }
  if (step_ == Step::kIdle) resume(now);
}

void Recycling::resume(TimePoint now) {
  const auto semaphore = std::exchange(paused_, std::nullopt);
  if (!semaphore) return;
  leases_ = {};
  hub_.ledger().resume(now, *semaphore);
  hub_.settle();
}

}  // namespace throttle::proxy
