// SHA-1 (FIPS 180-4): what Windows derives the identifier of a service from. Not for anything that
// an attacker may choose.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace throttle::service {

// The digest as its five words.
std::array<std::uint32_t, 5> sha1(std::string_view bytes);

}  // namespace throttle::service
