// A handful of sockets, so every search is a walk.
#include "libthrottle/uv/handed_sockets.h"

#include <algorithm>

#include "libthrottle/core/text.h"
#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

namespace {

constexpr std::string_view kPrefix = "socket ";  // no host has a blank

HostPort place_of(const Endpoint& where) {
  if (where.is_unix()) return HostPort::of_unix(where.path);
  return {where.address.ip.to_string(), where.address.port};
}

}  // namespace

Result<void> HandedSockets::add(std::string_view name, std::span<const int> descriptors) {
  for (const int descriptor : descriptors) {
    const auto where = local_endpoint_of(descriptor);
    if (!where) {
      return fail(ErrorCode::kUnavailable, "the socket " + quote(name) +
                                               " that was handed over has neither an address of "
                                               "IP nor a path");
    }
    const auto same = std::ranges::find(sockets_, *where, &Socket::where);
    if (same != sockets_.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  "the sockets " + quote(same->name) + " and " + quote(name) +
                      " that were handed over both listen on " + where->to_string() +
                      "; leave one of them out (ReusePort= of systemd is of no use here)");
    }
    sockets_.push_back({std::string(name), *where, descriptor});
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
    if (place(each.name) == where && !each.where.is_unix()) found.push_back(each.where.address);
  return found;
}

std::vector<HostPort> HandedSockets::places(std::string_view name) const {
  std::vector<HostPort> found;
  for (const Socket& each : sockets_)
    if (each.name == name) found.push_back(place_of(each.where));
  return found;
}

Result<void> HandedSockets::check_for_http(std::string_view name) const {
  const auto is_wrong = [&](const Socket& each) {
    return each.name == name && each.where.is_unix();
  };
  if (std::ranges::none_of(sockets_, is_wrong)) return {};
  return fail(ErrorCode::kInvalidArgument,
              "the socket " + quote(name) + " is a Unix socket: only proxies listen on those");
}

std::optional<int> HandedSockets::find(const Endpoint& where) const {
  const auto found = std::ranges::find(sockets_, where, &Socket::where);
  return found == sockets_.end() ? std::nullopt : std::optional(found->descriptor);
}

}  // namespace throttle::uv
