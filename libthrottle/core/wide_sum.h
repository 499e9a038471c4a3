// A sum of 64-bit counts that cannot overflow: leases near the largest count may be restored, and
// what was added must come off again exactly.
//
// Idea: 64 low bits and the carries beside them; reading saturates, adding and subtracting is
// exact. Threads: values only.
#pragma once

#include <cstdint>
#include <limits>

#include "libthrottle/core/check.h"

namespace throttle {

class WideSum {
 public:
  // `count` is not negative.
  void add(std::int64_t count) {
    low_ += static_cast<std::uint64_t>(count);
    if (low_ < static_cast<std::uint64_t>(count)) ++carries_;
  }
  // `count` was added before.
  void subtract(std::int64_t count) {
    if (low_ < static_cast<std::uint64_t>(count)) {
      THROTTLE_CHECK(carries_ > 0);
      --carries_;
    }
    low_ -= static_cast<std::uint64_t>(count);
  }
  // The sum, or the largest count where it is beyond that.
  std::int64_t value() const {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    return carries_ > 0 || low_ > static_cast<std::uint64_t>(kMost)
               ? kMost
               : static_cast<std::int64_t>(low_);
  }
  bool operator==(const WideSum&) const = default;

 private:
  std::uint64_t low_ = 0;
  std::uint64_t carries_ = 0;
};

}  // namespace throttle
