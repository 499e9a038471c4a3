// Whether so much moves one way, and in pieces so large, that it pays not to copy it.
// Threads: values only.
#pragma once

#include <cstddef>

namespace throttle::proxy {

class RelayGait {
 public:
  static constexpr std::size_t kLarge = std::size_t{32} * 1024;
  static constexpr std::size_t kSmall = std::size_t{8} * 1024;
  // So many pieces in a row change the gait.
  static constexpr int kSteps = 4;

  void moved(std::size_t bytes) {
    const bool against = bulk_ ? bytes < kSmall : bytes >= kLarge;
    steps_ = against ? steps_ + 1 : 0;
    if (steps_ == kSteps) *this = RelayGait(!bulk_);
  }
  bool is_bulk() const { return bulk_; }

  RelayGait() = default;

 private:
  explicit RelayGait(bool bulk) : bulk_(bulk) {}

  bool bulk_ = false;
  int steps_ = 0;
};

}  // namespace throttle::proxy
