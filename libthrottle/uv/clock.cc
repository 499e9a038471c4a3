#include "libthrottle/uv/clock.h"

#include <chrono>

#include <uv.h>

namespace throttle::uv {

TimePoint now() noexcept {
  return TimePoint(Duration(static_cast<Duration::rep>(uv_hrtime())));
}

std::int64_t wall_ms() noexcept {
  using namespace std::chrono;
  constexpr sys_days kOrigin = 2025y / January / 1;
  return duration_cast<milliseconds>(system_clock::now() - kOrigin).count();
}

}  // namespace throttle::uv
