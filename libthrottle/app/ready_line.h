// How the line "ready" of the log says which machines can connect.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "libthrottle/core/address.h"

namespace throttle::app {

// Of a listener in these places: static text for the field `listens`.
inline std::string_view reach_of(std::span<const Endpoint> places) {
  const auto is_any = [](const Endpoint& each) {
    const IpAddress& ip = each.address.ip;
    return !each.is_unix() && (ip == IpAddress() || ip == IpAddress::from_v4({0, 0, 0, 0}));
  };
  const auto is_local = [](const Endpoint& each) {
    return each.is_unix() || each.address.ip.is_loopback();
  };
  if (std::ranges::any_of(places, is_any)) return "on all addresses";
  if (std::ranges::all_of(places, is_local)) return "for this machine only";
  return places.size() == 1 ? "on this address" : "on these addresses";
}

}  // namespace throttle::app
