// How the line "ready" of the log says which machines can connect.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "libthrottle/core/address.h"

namespace throttle::app {

// Of a listener with these addresses: static text for the field `listens`.
inline std::string_view reach_of(std::span<const SocketAddress> addresses) {
  const auto is_any = [](const SocketAddress& each) {
    return each.ip == IpAddress() || each.ip == IpAddress::from_v4({0, 0, 0, 0});
  };
  const auto is_loopback = [](const SocketAddress& each) { return each.ip.is_loopback(); };
  if (std::ranges::any_of(addresses, is_any)) return "on all addresses";
  if (std::ranges::all_of(addresses, is_loopback)) return "for this machine only";
  return addresses.size() == 1 ? "on this address" : "on these addresses";
}

}  // namespace throttle::app
