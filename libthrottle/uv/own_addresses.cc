// Walks over the interfaces, as libuv lists them.
#include "libthrottle/uv/own_addresses.h"

#include <algorithm>
#include <span>

#include <uv.h>

#include "libthrottle/uv/sockaddr.h"

namespace throttle::uv {

bool leads_here(const IpAddress& address) {
  constexpr IpAddress kAny;
  constexpr IpAddress kAnyV4 = IpAddress::from_v4({0, 0, 0, 0});
  if (address.is_loopback() || address == kAny || address == kAnyV4) return true;
  uv_interface_address_t* first = nullptr;
  int count = 0;
  if (uv_interface_addresses(&first, &count) != 0) return false;
  const std::span interfaces(first, static_cast<std::size_t>(count));
  const bool found = std::ranges::any_of(interfaces, [&](const uv_interface_address_t& each) {
    const auto own = from_sockaddr(reinterpret_cast<const sockaddr*>(&each.address));
    return own && own->ip == address;
  });
  uv_free_interface_addresses(first, count);
  return found;
}

}  // namespace throttle::uv
