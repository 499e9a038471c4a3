// The machine's clocks, for the runtime alone: the core receives the time.
// Threads: any.
#pragma once

#include <cstdint>

#include "libthrottle/core/time.h"

namespace throttle::uv {

// This instant of the monotonic clock, in nanoseconds; read afresh, not the loop's cached time.
TimePoint now() noexcept;

// The wall clock in milliseconds since 2025-01-01 00:00 UTC, for fencing tokens; negative before.
std::int64_t wall_ms() noexcept;

}  // namespace throttle::uv
