// What the owner of a ledger may change while it runs: settings, pauses, labels, hold limits, and
// the lives of peers that an operator ends.
#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_state.h"
#include "libthrottle/core/ledger_turn.h"

namespace throttle {

void LeaseLedger::configure(TimePoint now, std::span<const SemaphoreSettings> semaphores) {
  begin_turn_of_reload(*state_, now);
  state_->configure(semaphores);
  end_turn(*state_);
}

void LeaseLedger::pause(std::string_view name) {
  state_->pause(name);
}

void LeaseLedger::resume(TimePoint now, std::string_view name) {
  const Turn turn(*state_, now);
  state_->resume(name);
}

void LeaseLedger::pause_all() {
  state_->pause_all();
}

void LeaseLedger::resume_all(TimePoint now) {
  const Turn turn(*state_, now);
  state_->resume_all();
}

void LeaseLedger::set_label(PeerId peer, std::string_view label) {
  if (Peer* const known = state_->find_peer(peer)) state_->set_label(*known, label);
}

Presence LeaseLedger::limit_hold(TimePoint now, PeerId peer, Duration hold) {
  const Turn turn(*state_, now);
  Peer* const known = state_->find_peer(peer);
  if (known == nullptr) return Presence::kUnknown;
  state_->end_at(*known, hold);
  return Presence::kKnown;
}

Presence LeaseLedger::end_within(TimePoint now, PeerId peer, Duration span) {
  const Turn turn(*state_, now);
  Peer* const known = state_->find_peer(peer);
  if (known == nullptr) return Presence::kUnknown;
  state_->end_by_force(*known, span);
  return Presence::kKnown;
}

bool LeaseLedger::bar(TimePoint now, PeerId peer, Duration span) {
  static_assert(kMostBarred == BarredIds::kMost);
  const Turn turn(*state_, now);
  return state_->bar(peer, span);
}

}  // namespace throttle
