// The families of the ledger: tables of gauges and causes, and the counters behind them.
#include "libthrottle/pages/ledger_metrics.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace throttle::pages {
namespace {

using telemetry::append_sample;

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

// In the order of their names, which is that of the samples.
constexpr std::array<Named<AcquireStatus>, 8> kRefusals = {{
    {AcquireStatus::kBreaksHierarchy, "breaks_hierarchy"},
    {AcquireStatus::kCountNotPositive, "count_not_positive"},
    {AcquireStatus::kGrows, "grows"},
    {AcquireStatus::kNeverFits, "never_fits"},
    {AcquireStatus::kOtherPending, "other_pending"},
    {AcquireStatus::kQueueFull, "queue_full"},
    {AcquireStatus::kShrinks, "shrinks"},
    {AcquireStatus::kUnknownPeer, "unknown_peer"},
}};

constexpr std::array<Named<Cause>, 8> kCauses = {{
    {Cause::kBreaksHierarchy, "breaks_hierarchy"},
    {Cause::kExpired, "expired"},
    {Cause::kForced, "forced"},
    {Cause::kHoldLimit, "hold_limit"},
    {Cause::kNeverFits, "never_fits"},
    {Cause::kReleased, "released"},
    {Cause::kSemaphoreRemoved, "semaphore_removed"},
    {Cause::kWaitLimit, "wait_limit"},
}};
// Those that end leases and peers; the others end waiting only.
constexpr std::array<Named<Cause>, 4> kLeaseCauses = {{
    {Cause::kExpired, "expired"},
    {Cause::kForced, "forced"},
    {Cause::kHoldLimit, "hold_limit"},
    {Cause::kReleased, "released"},
}};
static_assert(std::ranges::is_sorted(kRefusals, {}, &Named<AcquireStatus>::name));
static_assert(std::ranges::is_sorted(kCauses, {}, &Named<Cause>::name));
static_assert(std::ranges::is_sorted(kLeaseCauses, {}, &Named<Cause>::name));

}  // namespace

struct LedgerMetrics::Shown {
  std::string name;
  SemaphoreState state;  // without its name, which lives no longer than the configuration
};

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
    case EventKind::kLabelled:
    case EventKind::kConfigured:
    case EventKind::kPaused:
    case EventKind::kResumed:
    case EventKind::kWokenLate:
    case EventKind::kExcess:
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

const LedgerMetrics::Semaphore& LedgerMetrics::counts_of(const Shown& shown) const {
  static const Semaphore kUntouched;
  return shown.state.index < semaphores_.size() ? semaphores_[shown.state.index] : kUntouched;
}

// A family of counters or histograms, and how it is written for one semaphore.
struct LedgerMetrics::Counted {
  struct Entry {
    std::string& out;
    std::string_view family;
    telemetry::Label semaphore;
    const SemaphoreState& state;
    const Semaphore& counts;
  };
  std::string_view name;
  std::string_view type;
  std::string_view help;
  void (*append)(const Entry& entry);

  template <auto kMember>
  static void one(const Entry& entry) {
    append_sample(entry.out, entry.family, {entry.semaphore}, entry.counts.*kMember);
  }
  template <auto kMember, const auto& kKeys>
  static void each(const Entry& entry, std::string_view label) {
    for (const auto& [key, value] : kKeys)
      append_sample(entry.out, entry.family, {entry.semaphore, {label, value}},
                    (entry.counts.*kMember)[key]);
  }
  static void grants(const Entry& entry) {
    append_sample(entry.out, entry.family, {entry.semaphore}, entry.state.granted);
  }
  static void refusals(const Entry& entry) {
    each<&Semaphore::refused, kRefusals>(entry, "reason");
  }
  static void waits(const Entry& entry) { each<&Semaphore::waits_ended, kCauses>(entry, "cause"); }
  static void leases(const Entry& entry) {
    each<&Semaphore::leases_ended, kLeaseCauses>(entry, "cause");
  }

  static const std::array<Counted, 8> kFamilies;
};

constexpr std::array<LedgerMetrics::Counted, 8> LedgerMetrics::Counted::kFamilies = {{
    {"throttle_grants_total", "counter", "Locks granted, at once or after a wait.", &grants},
    {"throttle_refusals_total", "counter", "Requests refused, by reason.", &refusals},
    {"throttle_waits_ended_total", "counter", "Waits that ended without a lock, by cause.", &waits},
    {"throttle_leases_ended_total", "counter", "Leases that ended, by cause.", &leases},
    {"throttle_restores_total", "counter", "Locks that peers restored.",
     &one<&Semaphore::restored>},
    {"throttle_overcommit_total", "counter", "Sum of the counts restored beyond the full count.",
     &one<&Semaphore::overcommitted>},
    {"throttle_wait_seconds", "histogram", "How long granted locks had waited.",
     &one<&Semaphore::waited>},
    {"throttle_hold_seconds", "histogram", "How long ended leases had been held.",
     &one<&Semaphore::held>},
}};

void LedgerMetrics::write(const LeaseLedger& ledger, MetricsPage& page,
                          Histograms histograms) const {
  auto noted = std::make_shared<std::vector<Shown>>();
  for (const SemaphoreState& state : ledger.semaphores())
    noted->push_back({std::string(state.name), state});
  const std::shared_ptr<const std::vector<Shown>> shown = std::move(noted);
  const std::size_t count = shown->size();

  for (const StateGauge& gauge : kStateGauges) {
    page.add(
        {gauge.name, "gauge", gauge.help, count, [shown, &gauge](std::string& out, auto entry) {
           const Shown& one = shown->at(entry);
           append_sample(out, gauge.name, {{"semaphore", one.name}}, gauge.value(one.state));
         }});
  }
  for (const Counted& family : Counted::kFamilies) {
    if (histograms == Histograms::kLeftOut && family.type == "histogram") continue;
    page.add(
        {family.name, family.type, family.help, count,
         [this, shown, &family](std::string& out, auto entry) {
           const Shown& one = shown->at(entry);
           family.append({out, family.name, {"semaphore", one.name}, one.state, counts_of(one)});
         }});
  }
  write_peers(ledger, page.short_families());
}

void LedgerMetrics::write_peers(const LeaseLedger& ledger, telemetry::Exposition& page) const {
  const auto peers = static_cast<std::uint64_t>(ledger.peer_count());
  page.gauge("throttle_peers", "Peers that exist.").add({}, peers);
  auto& removed = page.counter("throttle_peers_removed_total", "Peers that went, by cause.");
  for (const auto& [cause, text] : kLeaseCauses)
    removed.add({{"cause", text}}, peers_removed_[cause]);
}

}  // namespace throttle::pages
