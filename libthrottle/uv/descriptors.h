// The files and connections of this process: how many it may have open at once, and which are not
// its own. Threads: any.
#pragma once

#include <cstddef>
#include <optional>

#include "libthrottle/core/result.h"

namespace throttle::uv {

// Opens what is closed of standard input, output and error on nothing. Otherwise the next file or
// connection takes its number, and gets the log. To be called before anything else is opened.
// Error kUnavailable if one is closed and nothing (/dev/null) cannot be opened: the process must
// not go on.
Result<void> occupy_standard_descriptors();

// Raises the limit as far as the system lets an ordinary process do it, and returns the limit in
// force then. A caller that asked for the limit before has to ask again.
std::size_t raise_descriptor_limit() noexcept;

// The limit in force.
std::size_t descriptor_limit() noexcept;

// The limit that was in force before it was raised.
std::size_t descriptor_limit_at_start() noexcept;

// How many are open now; on Windows handles of all kinds. Empty if the system does not say. On
// Linux before 6.2 and other Unix systems this takes longer the more there are.
std::optional<std::size_t> open_descriptors() noexcept;

}  // namespace throttle::uv
