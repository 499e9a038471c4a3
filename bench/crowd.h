// A ledger full of peers, for the benchmarks.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/lease_ledger.h"

namespace throttle::bench {

inline constexpr std::string_view kSemaphore = "database";
inline constexpr Duration kTimeToLive = std::chrono::minutes(5);

// In which order peers come: each time from another corner of the memory, as in life, or in that in
// which they were made.
enum class Visit { kShuffled, kInOrder };

// One semaphore, and peers that hold nothing yet.
struct Crowd {
  Crowd(std::size_t peers, Count full_count, Visit visit) {
    const SemaphoreSettings semaphore{
        .name = std::string(kSemaphore), .full_count = full_count, .max_pending = peers};
    ledger.configure(now, {&semaphore, 1});
    ids.reserve(peers);
    for (std::size_t i = 0; i < peers; ++i) {
      ids.push_back(
          ledger.add_peer(now, {.time_to_live = kTimeToLive, .address = {}, .label = {}}));
    }
    if (visit == Visit::kShuffled) std::shuffle(ids.begin(), ids.end(), std::mt19937_64(1));
    ledger.clear_events();
  }

  PeerId next() {
    if (++at == ids.size()) at = 0;
    return ids[at];
  }

  // One of the semaphore, renewing the peer.
  AcquireStatus acquire(PeerId peer) {
    const AcquireOutcome outcome =
        ledger.acquire(now, {.peer = peer, .semaphore = kSemaphore, .expires_in = kTimeToLive});
    ledger.clear_events();
    return outcome.status;
  }

  LeaseLedger ledger;
  TimePoint now{};
  std::vector<PeerId> ids;
  std::size_t at = 0;
};

}  // namespace throttle::bench
