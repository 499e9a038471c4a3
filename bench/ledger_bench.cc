// What the lease ledger costs: heartbeats, acquire with release, and handing a lease to the next of
// a long queue. None of it may grow with the number of peers, beyond what the caches do to it.
//
// Time passes as it would: each peer renews itself three times in its life, so deadlines have to be
// re-armed as often as in a server. Events are cleared at each step, as a server does.
#include <chrono>
#include <cstdint>

#include <benchmark/benchmark.h>

#include "bench/crowd.h"

namespace throttle::bench {
namespace {

constexpr std::int64_t kSmall = 1'000;
constexpr std::int64_t kLarge = 1'000'000;

void heartbeat(benchmark::State& state, Visit visit) {
  Crowd crowd(static_cast<std::size_t>(state.range(0)), 1, visit);
  const Duration step = kTimeToLive / 3 / state.range(0);
  for (auto _ : state) {
    crowd.now += step;
    if (crowd.ledger.heartbeat(crowd.now, crowd.next(), kTimeToLive) != Presence::kKnown) {
      state.SkipWithError("a peer is gone");
      break;
    }
    crowd.ledger.clear_events();
  }
}
BENCHMARK_CAPTURE(heartbeat, shuffled, Visit::kShuffled)->Arg(kSmall)->Arg(kLarge);
BENCHMARK_CAPTURE(heartbeat, in_order, Visit::kInOrder)->Arg(kSmall)->Arg(kLarge);

// The acquire renews the peer, as the published clients ask.
void acquire_and_release(benchmark::State& state, Visit visit) {
  Crowd crowd(static_cast<std::size_t>(state.range(0)), 1, visit);
  const Duration step = kTimeToLive / 3 / state.range(0);
  for (auto _ : state) {
    crowd.now += step;
    const PeerId peer = crowd.next();
    const bool acquired = crowd.acquire(peer) == AcquireStatus::kAcquired;
    const ReleaseStatus released = crowd.ledger.release(crowd.now, peer, kSemaphore);
    if (!acquired || released != ReleaseStatus::kReleased) {
      state.SkipWithError("not acquired and released");
      break;
    }
    crowd.ledger.clear_events();
  }
}
BENCHMARK_CAPTURE(acquire_and_release, shuffled, Visit::kShuffled)->Arg(kSmall)->Arg(kLarge);
BENCHMARK_CAPTURE(acquire_and_release, in_order, Visit::kInOrder)->Arg(kSmall)->Arg(kLarge);

// range(0) peers wait in the queue of one semaphore, in shuffled order. The time is that of a
// release that grants to the head; filling the queue again is not counted.
void hand_over(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  constexpr int kGrants = 500;
  Crowd crowd(static_cast<std::size_t>(state.range(0)) + 1, 1, Visit::kShuffled);
  for (const PeerId peer : crowd.ids)
    crowd.acquire(peer);
  std::size_t head = 0;
  while (state.KeepRunningBatch(kGrants)) {
    const std::size_t first = head;
    const Clock::time_point begin = Clock::now();
    for (int i = 0; i < kGrants; ++i) {
      crowd.ledger.release(crowd.now, crowd.ids[head], kSemaphore);
      crowd.ledger.clear_events();
      if (++head == crowd.ids.size()) head = 0;
    }
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - begin).count());
    if (!*crowd.ledger.is_acquired(crowd.ids[head])) {
      state.SkipWithError("the head was not granted");
      break;
    }
    for (std::size_t i = first; i != head; i = i + 1 == crowd.ids.size() ? 0 : i + 1) {
      crowd.acquire(crowd.ids[i]);
    }
  }
}
BENCHMARK(hand_over)->Arg(kSmall)->Arg(100'000)->UseManualTime();

}  // namespace
}  // namespace throttle::bench

BENCHMARK_MAIN();
