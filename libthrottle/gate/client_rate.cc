// The buckets, and how those that are full are forgotten: when twice as many are there as were left
// the last time, so an arrival costs O(1) on average. Near the most that are remembered, it is done
// a few times in the time of the rate.
#include "libthrottle/gate/client_rate.h"

#include <algorithm>
#include <chrono>

#include "libthrottle/core/check.h"

namespace throttle::gate {
namespace {

constexpr std::size_t kFewest = 1024;  // addresses that are worth a sweep
constexpr Duration kShortestPause = std::chrono::milliseconds(100);

}  // namespace

bool ClientRate::accept(const IpAddress& address, TimePoint now, const MaxRate& rate,
                        const ConnectionLimiter::Config& clients) {
  if (rate.connections == 0) {
    if (!full_again_.empty()) *this = {};
    return true;
  }
  const ConnectionLimiter::Override* const own = clients.override_of(address);
  const bool is_exempt = own != nullptr && own->max_per_client == ConnectionLimiter::kUnlimited;
  if (is_exempt) return true;
  THROTTLE_CHECK(rate.time > Duration::zero());
  const Duration each =
      std::max<Duration>(rate.time / static_cast<Duration::rep>(rate.connections), Duration(1));
  const IpAddress client = clients.client_of(address);
  if (full_again_.size() >= sweep_at_ && now >= next_sweep_) sweep(now, rate);
  if (full_again_.size() >= kMost && !full_again_.contains(client)) return true;
  TimePoint& full = full_again_.try_emplace(client, now).first->second;
  full = std::max(full, now);
  if (saturating_add(full, each) > saturating_add(now, rate.time)) return false;
  full = saturating_add(full, each);
  return true;
}

void ClientRate::sweep(TimePoint now, const MaxRate& rate) {
  std::erase_if(full_again_, [now](const auto& entry) { return entry.second <= now; });
  sweep_at_ = std::clamp(2 * full_again_.size(), kFewest, kMost);
  next_sweep_ = now;
  if (sweep_at_ == kMost)
    next_sweep_ = saturating_add(now, std::max<Duration>(rate.time / 16, kShortestPause));
}

}  // namespace throttle::gate
