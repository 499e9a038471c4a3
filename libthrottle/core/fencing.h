// The counter that fencing tokens come from: strictly increasing, also across restarts as long as
// the wall clock did not step back by more than the downtime.
//
// Idea: a token is the greater of the last one + 1 and the milliseconds since 2025-01-01 UTC, times
// 4096. So it has 53 bits, exact in every JSON reader, for the next decades.
// Source: Kleppmann, "How to do distributed locking" (2016).
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "libthrottle/core/check.h"
#include "libthrottle/core/ledger_types.h"

namespace throttle {

class FencingCounter {
 public:
  // `wall_ms` is the wall clock at `start`; before 2025 it counts as 2025.
  FencingCounter(TimePoint start, std::int64_t wall_ms)
      : start_(start), wall_ms_(std::max<std::int64_t>(wall_ms, 0)) {}

  // Greater than all before. `now` is not before the start.
  FencingToken next(TimePoint now) {
    THROTTLE_CHECK(now >= start_);
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
    const auto by_clock = static_cast<FencingToken>(wall_ms_ + elapsed.count()) << kTokensPerMsBits;
    last_ = std::max(last_ + 1, by_clock);
    return last_;
  }
  // Whether it may have issued this one.
  bool may_have_issued(FencingToken token) const { return token != 0 && token <= last_; }

 private:
  static constexpr std::uint64_t kTokensPerMsBits = 12;

  TimePoint start_;
  std::int64_t wall_ms_;
  FencingToken last_ = 0;
};

}  // namespace throttle
