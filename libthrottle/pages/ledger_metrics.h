// The ledger in numbers: receives its events, and writes them with its present state on the page.
//
// Both generations of the published names are there (throttle_full_count and throttle_max, …), and
// beside them what an operator needs to see why somebody waits. A semaphore that is no longer
// configured stays until its last lease ended.
// Cost: an event is an index and an addition; a page notes the state of each semaphore at once.
// Threads: one, the ledger's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/pages/metrics_page.h"
#include "libthrottle/telemetry/histogram.h"

namespace throttle::pages {

class LedgerMetrics {
 public:
  void observe(std::span<const LedgerEvent> events) noexcept;
  // The two histograms of each semaphore are more than half of the page.
  enum class Histograms : std::uint8_t { kWritten, kLeftOut };
  // The state is that of the ledger's latest operation: advance() it to the present first. This
  // object outlives the page; the ledger need not.
  void write(const LeaseLedger& ledger, MetricsPage& page,
             Histograms histograms = Histograms::kWritten) const;

 private:
  template <typename Enum, Enum last>
  struct CountsBy {
    std::uint64_t& operator[](Enum key) { return counts[static_cast<std::size_t>(key)]; }
    std::uint64_t operator[](Enum key) const { return counts[static_cast<std::size_t>(key)]; }
    std::array<std::uint64_t, static_cast<std::size_t>(last) + 1> counts{};
  };
  using CountsByCause = CountsBy<Cause, Cause::kForced>;

  struct Semaphore {
    CountsBy<AcquireStatus, AcquireStatus::kQueueFull> refused;
    CountsByCause waits_ended;
    CountsByCause leases_ended;
    std::uint64_t restored = 0;
    std::uint64_t overcommitted = 0;
    telemetry::Histogram waited;
    telemetry::Histogram held;
  };

  struct Shown;    // a semaphore as it is when a page is gathered
  struct Counted;  // a family of its counters

  void observe(const LedgerEvent& event) noexcept;
  Semaphore& at(SemaphoreIndex index) noexcept;
  // What was counted of it; zeros if no event was about it yet.
  const Semaphore& counts_of(const Shown& shown) const;
  void write_peers(const LeaseLedger& ledger, telemetry::Exposition& page) const;

  std::vector<Semaphore> semaphores_;  // by SemaphoreIndex
  CountsByCause peers_removed_;
};

}  // namespace throttle::pages
