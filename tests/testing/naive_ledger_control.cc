// What the owner of the naive ledger changes: limits, pauses, lives that are ended by force, and
// the configuration.
#include <algorithm>

#include "tests/testing/naive_ledger.h"

namespace throttle::testing {

// --- limits and pauses ---

Presence NaiveLedger::limit_hold(TimePoint now, PeerId id, Duration hold) {
  begin(now);
  const auto position = position_of(id);
  if (!position) return Presence::kUnknown;
  Peer& peer = peers_[*position];
  const TimePoint end = saturating_add(now_, hold);
  if (peer.forced_end) {
    peer.forced_end = std::min(*peer.forced_end, end);
  } else {
    peer.expiry = kNever;
    peer.hold_end = end;
  }
  let_time_pass(now);
  return Presence::kKnown;
}

Presence NaiveLedger::end_within(TimePoint now, PeerId id, Duration span) {
  begin(now);
  const auto position = position_of(id);
  if (!position) return Presence::kUnknown;
  Peer& peer = peers_[*position];
  peer.forced_end = std::min(peer.removal(), saturating_add(now_, span));
  let_time_pass(now);
  return Presence::kKnown;
}

// The twin has room for all.
bool NaiveLedger::bar(TimePoint now, PeerId id, Duration span) {
  begin(now);
  TimePoint& end = barred_.try_emplace(id, now_).first->second;
  end = std::max(end, saturating_add(now_, span));
  let_time_pass(now);
  return true;
}

void NaiveLedger::pause(std::string_view semaphore) {
  Semaphore* const known = ever_configured(semaphore);
  if (known == nullptr || ++known->pauses > 1) return;
  const auto index = static_cast<SemaphoreIndex>(known - semaphores_.data());
  report({.kind = EventKind::kPaused, .semaphore = index, .at = now_});
}

void NaiveLedger::resume(TimePoint now, std::string_view semaphore) {
  begin(now);
  Semaphore* const known = ever_configured(semaphore);
  if (known != nullptr && known->pauses > 0 && --known->pauses == 0) {
    const auto index = static_cast<SemaphoreIndex>(known - semaphores_.data());
    report({.kind = EventKind::kResumed, .semaphore = index, .at = now_});
  }
  let_time_pass(now);
}

// --- configuration ---

NaiveLedger::Semaphore* NaiveLedger::ever_configured(std::string_view name) {
  const auto found =
      std::find_if(semaphores_.begin(), semaphores_.end(),
                   [name](const Semaphore& each) { return each.settings.name == name; });
  return found == semaphores_.end() ? nullptr : &*found;
}

void NaiveLedger::report_settings(SemaphoreIndex semaphore) {
  const SemaphoreSettings& settings = semaphores_[semaphore].settings;
  report({.kind = EventKind::kConfigured,
          .order = settings.order,
          .semaphore = semaphore,
          .level = settings.level,
          .retired = !semaphores_[semaphore].configured,
          .count = settings.full_count,
          .at = now_,
          .max_pending = settings.max_pending});
}

// What the peers that are due leave behind is granted by the new settings only.
void NaiveLedger::configure(TimePoint now, std::span<const SemaphoreSettings> settings) {
  now_ = std::max(now_, now);
  notice_lateness();
  remove_all_due(now);
  const std::vector<Semaphore> before = semaphores_;
  for (Semaphore& semaphore : semaphores_)
    semaphore.configured = false;
  for (const SemaphoreSettings& wanted : settings) {
    Semaphore* const known = ever_configured(wanted.name);
    Semaphore& semaphore = known == nullptr ? semaphores_.emplace_back() : *known;
    semaphore.settings = wanted;
    semaphore.configured = true;
    renew_round(static_cast<SemaphoreIndex>(&semaphore - semaphores_.data()));
  }
  for (SemaphoreIndex i = 0; i < semaphores_.size(); ++i) {
    const bool same = i < before.size() && before[i].settings == semaphores_[i].settings &&
                      before[i].configured == semaphores_[i].configured;
    if (same) continue;
    report_settings(i);
    report_excess(i, 0);
  }
  for (SemaphoreIndex i = 0; i < semaphores_.size(); ++i) {
    for (const Position position : waiting_for(i)) {
      if (const auto cause = why_never_served(peers_[position]))
        drop_wait(peers_[position], *cause);
    }
  }
  let_time_pass(now);
}

}  // namespace throttle::testing
