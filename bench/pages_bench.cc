// Pages about everything: how long the whole takes, and how long one piece of it holds the loop. Up
// to Limits::flows of them may be asked for a piece in one turn.
#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/crowd.h"
#include "libthrottle/lease/peers_page.h"
#include "libthrottle/pages/connections.h"
#include "libthrottle/pages/leases.h"
#include "libthrottle/pages/ledger_metrics.h"

namespace throttle::bench {
namespace {

// Half of the peers hold the semaphore, in an order that is not that of the memory; the others
// wait.
std::unique_ptr<Crowd> holders_and_waiters(std::int64_t peers) {
  const auto count = static_cast<std::size_t>(peers);
  auto crowd = std::make_unique<Crowd>(count, peers / 2, Visit::kShuffled);
  for (std::size_t i = 0; i < count; ++i) {
    crowd->ledger.set_label(crowd->ids[i], "nightly import");
    crowd->now += std::chrono::microseconds(1);
    crowd->acquire(crowd->ids[i]);
  }
  crowd->ledger.clear_events();
  return crowd;
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
  return passed.count();
}

void drain(benchmark::State& state, http::Producer& page, TimePoint now) {
  double longest = 0;
  std::size_t bytes = 0;
  std::size_t pieces = 0;
  auto progress = http::Producer::Progress::kMore;
  while (progress != http::Producer::Progress::kEnd) {
    std::string piece;
    const auto start = std::chrono::steady_clock::now();
    progress = page.produce(piece, now);
    longest = std::max(longest, milliseconds_since(start));
    bytes += piece.size();
    ++pieces;
  }
  state.counters["longest_piece_ms"] = longest;
  state.counters["pieces"] = static_cast<double>(pieces);
  state.counters["megabytes"] = static_cast<double>(bytes) / 1e6;
}

void leases_page(benchmark::State& state) {
  const auto crowd = holders_and_waiters(state.range(0));
  for (auto _ : state)
    drain(state, *pages::leases_page(crowd->ledger, {}), crowd->now);
}
BENCHMARK(leases_page)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void peers_page(benchmark::State& state) {
  const auto crowd = holders_and_waiters(state.range(0));
  for (auto _ : state)
    drain(state, *lease::peers_page(crowd->ledger), crowd->now);
}
BENCHMARK(peers_page)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// Gathering the page is a part of its first piece.
void metrics_page(benchmark::State& state) {
  std::vector<SemaphoreSettings> semaphores;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    semaphores.push_back({.name = "job type " + std::to_string(i), .full_count = 1});
  LeaseLedger ledger;
  ledger.configure({}, semaphores);
  const pages::LedgerMetrics metrics;
  double gathering = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    pages::MetricsPage page;
    metrics.write(ledger, page);
    gathering = std::max(gathering, milliseconds_since(start));
    drain(state, page, {});
  }
  state.counters["gathering_ms"] = gathering;
}
BENCHMARK(metrics_page)->Arg(10)->Arg(5'000)->Arg(20'000)->Unit(benchmark::kMillisecond);

// Without the sockets: what it takes to write the connections of a proxy that are walked over.
void connections_page(benchmark::State& state) {
  const proxy::ConnectionView view{.client = {IpAddress::from_v4({10, 0, 0, 7}), 52114},
                                   .peer = 9007199254740992,
                                   .state = proxy::ConnectionState::kActive};
  for (auto _ : state) {
    std::vector<pages::ShownProxy> shown(1);
    shown[0].visit = [&view, left = state.range(0)](auto&, std::size_t most,
                                                    const auto& visit) mutable {
      for (; most > 0 && left > 0; --most, --left)
        visit(view);
      return left > 0;
    };
    drain(state, *pages::connections_page(std::move(shown)), {});
  }
}
BENCHMARK(connections_page)->Arg(1'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace throttle::bench

BENCHMARK_MAIN();
