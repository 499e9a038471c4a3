// Detects whether a direction moves bytes in such large pieces that it pays not to copy them.
// Threads: values only.
#pragma once

#include <cstddef>

namespace throttle::proxy {

class BulkDetector {
 public:
  static constexpr std::size_t kLarge = std::size_t{32} * 1024;
  static constexpr std::size_t kSmall = std::size_t{8} * 1024;
  // The number of large pieces in a row that begin a bulk transfer, and of small ones that end it.
  static constexpr int kSteps = 4;

  void moved(std::size_t bytes) {
    const bool against = bulk_ ? bytes < kSmall : bytes >= kLarge;
    steps_ = against ? steps_ + 1 : 0;
    if (steps_ == kSteps) *this = BulkDetector(!bulk_);
  }
  bool is_bulk() const { return bulk_; }

  BulkDetector() = default;

 private:
  explicit BulkDetector(bool bulk) : bulk_(bulk) {}

  bool bulk_ = false;
  int steps_ = 0;
};

}  // namespace throttle::proxy
