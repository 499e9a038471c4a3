// How many files and connections this process may have open at once.
// Threads: any.
#pragma once

#include <cstddef>

namespace throttle::uv {

// Raises the limit as far as the system lets an ordinary process do it, and returns the limit in
// force then. To be called once, at the start of the program.
std::size_t raise_descriptor_limit() noexcept;

// The limit in force.
std::size_t descriptor_limit() noexcept;

}  // namespace throttle::uv
