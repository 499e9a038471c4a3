// What an idle peer with one lease costs in memory: the growth of the process as the system sees
// it, so what the allocator and growing tables keep beside it is counted too. It has a process of
// its own, in which nothing else has left free memory behind.
#include <cstddef>

#include <benchmark/benchmark.h>
#include <uv.h>

#include "bench/crowd.h"

namespace throttle::bench {
namespace {

double resident_bytes() {
  std::size_t bytes = 0;
  uv_resident_set_memory(&bytes);
  return static_cast<double>(bytes);
}

void idle_peer_with_one_lease(benchmark::State& state) {
  for (auto _ : state) {
    const double before = resident_bytes();
    Crowd crowd(0, state.range(0), Visit::kInOrder);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const PeerSpec spec{.time_to_live = kTimeToLive, .address = {}, .label = {}};
      crowd.acquire(crowd.ledger.add_peer(crowd.now, spec));
    }
    const double grown = resident_bytes() - before;
    state.counters["bytes_per_peer"] = grown / static_cast<double>(state.range(0));
    if (crowd.ledger.remainder(kSemaphore) != 0) state.SkipWithError("not all hold a lease");
  }
}
BENCHMARK(idle_peer_with_one_lease)
    ->Arg(1'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace throttle::bench

BENCHMARK_MAIN();
