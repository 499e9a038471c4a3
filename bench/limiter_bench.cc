// What it costs to accept a connection under a limit by client and to give its permit back, by one
// thread and by two at once. bench/comparison/connlimit does the same to go-connlimit.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "libthrottle/core/connection_limiter.h"

namespace throttle::bench {
namespace {

constexpr std::size_t kMaxPerClient = 100;

// 10.0.0.0 and those that follow.
std::vector<IpAddress> addresses(std::size_t number) {
  std::vector<IpAddress> all;
  for (std::size_t i = 0; i < number; ++i)
    all.push_back(IpAddress::from_v4(
        {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}));
  return all;
}

// Accepts each of range(0) clients in turn; each thread begins at another one.
void accept_and_release(benchmark::State& state) {
  static ConnectionLimiter limiter({.max_per_client = kMaxPerClient});
  const auto clients = addresses(static_cast<std::size_t>(state.range(0)));
  std::size_t at = clients.size() * static_cast<std::size_t>(state.thread_index()) /
                   static_cast<std::size_t>(state.threads());
  while (state.KeepRunning()) {
    const auto permit = limiter.accept(clients[at]);
    if (!permit) {
      state.SkipWithError("refused");
      break;
    }
    if (++at == clients.size()) at = 0;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(accept_and_release)->Arg(1'000)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace throttle::bench

BENCHMARK_MAIN();
