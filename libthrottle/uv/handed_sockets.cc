// A handful of sockets, so every search is a walk.
#include "libthrottle/uv/handed_sockets.h"

#include <algorithm>

#include "libthrottle/core/text.h"
#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

namespace {

constexpr std::string_view kPrefix = "socket ";  // no host has a blank

}  // namespace

Result<void> HandedSockets::add(std::string_view name, std::span<const int> descriptors) {
  for (const int descriptor : descriptors) {
    const auto address = local_address_of(descriptor);
    if (!address) {
      return fail(ErrorCode::kUnavailable,
                  "the socket " + quote(name) + " that was handed over has no address of IP");
    }
    const auto same = std::ranges::find(sockets_, *address, &Socket::address);
    if (same != sockets_.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  "the sockets " + quote(same->name) + " and " + quote(name) +
                      " that were handed over both listen on " + address->to_string() +
                      "; leave one of them out (ReusePort= of systemd is of no use here)");
    }
    sockets_.push_back({std::string(name), *address, descriptor});
  }
  return {};
}

HostPort HandedSockets::place(std::string_view name) {
  return {std::string(kPrefix).append(name), 0};
}

bool HandedSockets::is_place(const HostPort& where) {
  return where.host.starts_with(kPrefix);
}

std::vector<SocketAddress> HandedSockets::addresses(const HostPort& where) const {
  std::vector<SocketAddress> found;
  for (const Socket& each : sockets_)
    if (place(each.name) == where) found.push_back(each.address);
  return found;
}

std::vector<HostPort> HandedSockets::places(std::string_view name) const {
  std::vector<HostPort> found;
  for (const Socket& each : sockets_)
    if (each.name == name) found.push_back({each.address.ip.to_string(), each.address.port});
  return found;
}

std::optional<int> HandedSockets::find(const SocketAddress& address) const {
  const auto found = std::ranges::find(sockets_, address, &Socket::address);
  return found == sockets_.end() ? std::nullopt : std::optional(found->descriptor);
}

}  // namespace throttle::uv
