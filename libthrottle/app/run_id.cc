// 53 bits, which every reader of JSON takes exactly.
#include "libthrottle/app/run_id.h"

#include <random>

namespace throttle::app {

std::uint64_t new_run_id() {
  constexpr int kBits = 53;
  std::random_device device;
  const std::uint64_t high = device();
  return ((high << 32U) | device()) >> (64 - kBits);
}

}  // namespace throttle::app
