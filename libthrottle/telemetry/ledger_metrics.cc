#include "libthrottle/telemetry/ledger_metrics.h"

#include <algorithm>

namespace throttle::telemetry {
namespace {

struct StateGauge {
  std::string_view name;
  std::string_view help;
  std::int64_t (*value)(const SemaphoreState&);
};

std::int64_t full_count(const SemaphoreState& state) {
  return state.full_count;
}
std::int64_t acquired(const SemaphoreState& state) {
  return state.acquired;
}
std::int64_t pending(const SemaphoreState& state) {
  return state.pending;
}
std::int64_t waiting(const SemaphoreState& state) {
  return static_cast<std::int64_t>(state.waiting);
}
std::int64_t longest_wait(const SemaphoreState& state) {
  return std::chrono::duration_cast<std::chrono::seconds>(state.longest_wait).count();
}
std::int64_t overcommit(const SemaphoreState& state) {
  return std::max<Count>(0, state.acquired - std::max<Count>(0, state.full_count));
}
std::int64_t paused(const SemaphoreState& state) {
  return state.paused ? 1 : 0;
}

constexpr std::array<StateGauge, 9> kStateGauges = {{
    {"throttle_full_count", "Limit above which new leases wait (as throttle_max).", full_count},
    {"throttle_count", "Total count of active leases (as throttle_acquired).", acquired},
    {"throttle_max", "Configured full count: the most that may be acquired at once.", full_count},
    {"throttle_acquired", "Sum of the counts of all acquired locks.", acquired},
    {"throttle_pending", "Sum of the counts of all locks that wait.", pending},
    {"throttle_longest_pending_sec", "Seconds the longest waiting request has waited.",
     longest_wait},
    {"throttle_waiting_requests", "Requests that wait, whatever their counts.", waiting},
    {"throttle_overcommit", "Acquired beyond the full count: restored, or the limit was lowered.",
     overcommit},
    {"throttle_paused", "1 while nothing is granted, so that the semaphore runs empty.", paused},
}};

template <typename Enum>
struct Named {
  Enum key;
  std::string_view name;
};

constexpr std::array<Named<AcquireStatus>, 8> kRefusals = {{
    {AcquireStatus::kUnknownPeer, "unknown_peer"},
    {AcquireStatus::kCountNotPositive, "count_not_positive"},
    {AcquireStatus::kNeverFits, "never_fits"},
    {AcquireStatus::kShrinks, "shrinks"},
    {AcquireStatus::kGrows, "grows"},
    {AcquireStatus::kBreaksHierarchy, "breaks_hierarchy"},
    {AcquireStatus::kOtherPending, "other_pending"},
    {AcquireStatus::kQueueFull, "queue_full"},
}};

constexpr std::array<Named<Cause>, 7> kCauses = {{
    {Cause::kReleased, "released"},
    {Cause::kExpired, "expired"},
    {Cause::kHoldLimit, "hold_limit"},
    {Cause::kWaitLimit, "wait_limit"},
    {Cause::kNeverFits, "never_fits"},
    {Cause::kBreaksHierarchy, "breaks_hierarchy"},
    {Cause::kSemaphoreRemoved, "semaphore_removed"},
}};
// Those above that end leases and peers; the others end waiting only.
constexpr auto kLeaseCauses = std::span(kCauses).first<3>();

}  // namespace

LedgerMetrics::Semaphore& LedgerMetrics::at(SemaphoreIndex index) noexcept {
  if (index >= semaphores_.size()) semaphores_.resize(index + std::size_t{1});
  return semaphores_[index];
}

void LedgerMetrics::observe(std::span<const LedgerEvent> events) noexcept {
  for (const LedgerEvent& event : events)
    observe(event);
}

void LedgerMetrics::observe(const LedgerEvent& event) noexcept {
  switch (event.kind) {
    case EventKind::kPeerAdded:
    case EventKind::kQueued:
      break;
    case EventKind::kPeerRemoved:
      ++peers_removed_[event.cause];
      break;
    case EventKind::kGranted:
      at(event.semaphore).waited.observe(event.waited);
      break;
    case EventKind::kWaitEnded:
      ++at(event.semaphore).waits_ended[event.cause];
      break;
    case EventKind::kLeaseEnded:
      ++at(event.semaphore).leases_ended[event.cause];
      at(event.semaphore).held.observe(event.held);
      break;
    case EventKind::kRestored:
      ++at(event.semaphore).restored;
      at(event.semaphore).overcommitted += static_cast<std::uint64_t>(event.excess);
      break;
    case EventKind::kRefused:
      ++at(event.semaphore).refused[event.refusal];
      break;
  }
}

void LedgerMetrics::write(const LeaseLedger& ledger, Exposition& page) const {
  const std::vector<SemaphoreState> states = ledger.semaphores();
  for (const StateGauge& gauge : kStateGauges) {
    auto& family = page.gauge(gauge.name, gauge.help);
    for (const SemaphoreState& state : states)
      family.add({{"semaphore", state.name}}, gauge.value(state));
  }

  auto& grants = page.counter("throttle_grants_total", "Locks granted, at once or after a wait.");
  auto& refusals = page.counter("throttle_refusals_total", "Requests refused, by reason.");
  auto& waits =
      page.counter("throttle_waits_ended_total", "Waits that ended without a lock, by cause.");
  auto& leases = page.counter("throttle_leases_ended_total", "Leases that ended, by cause.");
  auto& restores = page.counter("throttle_restores_total", "Locks that peers restored.");
  auto& overcommit = page.counter("throttle_overcommit_total",
                                  "Sum of the counts restored beyond the full count.");
  auto& wait = page.histogram("throttle_wait_seconds", "How long granted locks had waited.");
  auto& hold = page.histogram("throttle_hold_seconds", "How long ended leases had been held.");
  const Semaphore untouched;
  for (const SemaphoreState& state : states) {
    const Label name{"semaphore", state.name};
    const bool seen = state.index < semaphores_.size();
    const Semaphore& counts = seen ? semaphores_[state.index] : untouched;
    grants.add({name}, state.granted);
    for (const auto& [status, reason] : kRefusals)
      refusals.add({name, {"reason", reason}}, counts.refused[status]);
    for (const auto& [cause, text] : kCauses)
      waits.add({name, {"cause", text}}, counts.waits_ended[cause]);
    for (const auto& [cause, text] : kLeaseCauses)
      leases.add({name, {"cause", text}}, counts.leases_ended[cause]);
    restores.add({name}, counts.restored);
    overcommit.add({name}, counts.overcommitted);
    wait.add({name}, counts.waited);
    hold.add({name}, counts.held);
  }

  const auto peers = static_cast<std::uint64_t>(ledger.peer_count());
  page.gauge("throttle_peers", "Peers that exist.").add({}, peers);
  auto& removed = page.counter("throttle_peers_removed_total", "Peers that went, by cause.");
  for (const auto& [cause, text] : kLeaseCauses)
    removed.add({{"cause", text}}, peers_removed_[cause]);
}

}  // namespace throttle::telemetry
