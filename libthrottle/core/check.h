// Assertions that stay on in release: a broken invariant ends the process with the place and the
// condition, before it can hand out a place twice. Never for input, always for bugs.
// Threads: any.
#pragma once

namespace throttle {

// Prints "throttle: FILE:LINE: CONDITION does not hold" to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition) noexcept;

}  // namespace throttle

#define THROTTLE_CHECK(condition)                      \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::throttle::check_failed(__FILE__, __LINE__, #condition))
