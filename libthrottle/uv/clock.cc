// Reads the monotonic clock and the wall clock.
#include "libthrottle/uv/clock.h"

#include <chrono>

#include <uv.h>

namespace throttle::uv {

TimePoint now() noexcept {
  return TimePoint(Duration(static_cast<Duration::rep>(uv_hrtime())));
}

std::int64_t wall_ms() noexcept {
  namespace chrono = std::chrono;
  constexpr chrono::sys_days kOrigin = chrono::year(2025) / chrono::January / 1;
  return chrono::duration_cast<chrono::milliseconds>(chrono::system_clock::now() - kOrigin).count();
}

}  // namespace throttle::uv
