// What the bodies of requests that are being received take in memory, all connections of a server
// together; and the share of one of them. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::http {

struct BodyBudget {
  std::size_t taken = 0;      // at this moment
  std::uint64_t refused = 0;  // requests answered 503 because it was used up
};

// Returns what it has taken when it ends. It takes nothing without a budget.
class BodyShare {
 public:
  BodyShare() = default;
  ~BodyShare() { take(0); }
  BodyShare(BodyShare&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), taken_(std::exchange(other.taken_, 0)) {}
  BodyShare& operator=(BodyShare&&) = delete;

  // The budget outlives the share, and is the same one in each call.
  void set_budget(BodyBudget* budget) {
    THROTTLE_CHECK(budget_ == nullptr || budget_ == budget);
    budget_ = budget;
  }
  // From now on it takes this much.
  void take(std::size_t bytes) {
    if (budget_ == nullptr) return;
    THROTTLE_CHECK(budget_->taken >= taken_);
    budget_->taken += bytes - taken_;
    taken_ = bytes;
  }

 private:
  BodyBudget* budget_ = nullptr;
  std::size_t taken_ = 0;
};

}  // namespace throttle::http
