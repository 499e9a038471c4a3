// Time as the core sees it: a monotonic instant that is always handed in, never read here.
//
// Invariant: arithmetic saturates. A deadline that cannot be represented is kNever, which no clock
// reaches; so no duration that a client may send can overflow.
// Threads: values only.
#pragma once

#include <chrono>
#include <cstdint>

namespace throttle {

// Length of time in nanoseconds; 64 bits reach 292 years, longer ones saturate to kForever.
using Duration = std::chrono::nanoseconds;

// The clock whose instants the core compares. It has no now(): the runtime reads the machine's
// monotonic clock, a test counts as it likes.
struct MonotonicClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using TimePoint = MonotonicClock::time_point;

inline constexpr Duration kForever = Duration::max();
inline constexpr TimePoint kNever = TimePoint::max();

// `start + length`, or kNever where that is beyond the last instant. `length` is not negative.
constexpr TimePoint saturating_add(TimePoint start, Duration length) {
  const bool may_overflow = start.time_since_epoch() > Duration::zero();
  return may_overflow && length > kNever - start ? kNever : start + length;
}

}  // namespace throttle
