// Hashes for keys that clients may choose: every bit of the key moves every bit of the hash.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "libthrottle/core/address.h"

namespace throttle {

// The finaliser of splitmix64 (Steele, Lea and Flood, 2014).
constexpr std::uint64_t mix64(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

struct IpAddressHash {
  std::size_t operator()(const IpAddress& address) const {
    std::uint64_t halves[2];
    static_assert(sizeof(halves) == sizeof(IpAddress::Bytes));
    std::memcpy(halves, address.bytes().data(), sizeof(halves));
    return static_cast<std::size_t>(mix64(mix64(halves[0]) + halves[1]));
  }
};

}  // namespace throttle
