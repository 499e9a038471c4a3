// How long something took, counted in buckets from 1 ms to an hour.
// Threads: values only.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libthrottle/core/check.h"
#include "libthrottle/core/time.h"

namespace throttle::telemetry {

struct Histogram {
  // An inclusive upper bound, and the same in seconds as the metrics page has it.
  struct Bound {
    std::chrono::milliseconds length;
    std::string_view seconds;
  };
  // From what a hand-over takes to what a job takes.
  static constexpr std::array<Bound, 15> kBounds = {{
      {std::chrono::milliseconds(1), "0.001"},
      {std::chrono::milliseconds(5), "0.005"},
      {std::chrono::milliseconds(10), "0.01"},
      {std::chrono::milliseconds(50), "0.05"},
      {std::chrono::milliseconds(100), "0.1"},
      {std::chrono::milliseconds(500), "0.5"},
      {std::chrono::seconds(1), "1"},
      {std::chrono::seconds(5), "5"},
      {std::chrono::seconds(10), "10"},
      {std::chrono::seconds(30), "30"},
      {std::chrono::minutes(1), "60"},
      {std::chrono::minutes(5), "300"},
      {std::chrono::minutes(10), "600"},
      {std::chrono::minutes(30), "1800"},
      {std::chrono::hours(1), "3600"},
  }};

  void observe(Duration length) {
    const std::ptrdiff_t bucket =
        std::lower_bound(kBounds.begin(), kBounds.end(), length,
                         [](const Bound& bound, Duration value) { return bound.length < value; }) -
        kBounds.begin();
    THROTTLE_CHECK(bucket >= 0 && static_cast<std::size_t>(bucket) < counts.size());
    ++counts[static_cast<std::size_t>(bucket)];
    sum_seconds += std::chrono::duration<double>(length).count();
  }

  // Of each bucket alone; the last one has what is longer than every bound.
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum_seconds = 0;
};

}  // namespace throttle::telemetry
