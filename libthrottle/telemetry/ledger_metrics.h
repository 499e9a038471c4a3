// The ledger in numbers: hears its events, and writes them with its present state on the page.
//
// Both generations of the published names are there (throttle_full_count and throttle_max, …), and
// beside them what an operator needs to see why somebody waits. A semaphore that is no longer
// configured stays until its last lease ended.
// Cost: an event is an index and an addition. Threads: one, the ledger's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/telemetry/exposition.h"
#include "libthrottle/telemetry/histogram.h"

namespace throttle::telemetry {

class LedgerMetrics {
 public:
  void observe(std::span<const LedgerEvent> events) noexcept;
  // The state is that of the ledger's latest operation: advance() it to the present first.
  void write(const LeaseLedger& ledger, Exposition& page) const;

 private:
  template <typename Enum, Enum last>
  struct CountsBy {
    std::uint64_t& operator[](Enum key) { return counts[static_cast<std::size_t>(key)]; }
    std::uint64_t operator[](Enum key) const { return counts[static_cast<std::size_t>(key)]; }
    std::array<std::uint64_t, static_cast<std::size_t>(last) + 1> counts{};
  };
  using CountsByCause = CountsBy<Cause, Cause::kSemaphoreRemoved>;

  struct Semaphore {
    CountsBy<AcquireStatus, AcquireStatus::kQueueFull> refused;
    CountsByCause waits_ended;
    CountsByCause leases_ended;
    std::uint64_t restored = 0;
    std::uint64_t overcommitted = 0;
    Histogram waited;
    Histogram held;
  };

  void observe(const LedgerEvent& event) noexcept;
  Semaphore& at(SemaphoreIndex index) noexcept;

  std::vector<Semaphore> semaphores_;  // by SemaphoreIndex
  CountsByCause peers_removed_;
};

}  // namespace throttle::telemetry
