// A port that the system chooses needs no right and is in use by nobody, so a refusal is about the
// address.
#include "libthrottle/app/missing_address.h"

#include <algorithm>

#include "libthrottle/uv/handed_sockets.h"
#include "libthrottle/uv/host_table.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/tcp_listener.h"

namespace throttle::app {

namespace {

class Deaf final : public uv::TcpListener::Receiver {
  void on_connection() noexcept override {}
  void on_accept_failed(const Error& /*error*/) noexcept override {}
};

bool is_missing(uv::Loop& loop, const SocketAddress& address) {
  if (loop.handed_sockets().find(address)) return false;  // somebody listens there for us
  Deaf receiver;
  const auto listening = uv::TcpListener::listen(loop, SocketAddress{address.ip, 0}, receiver);
  return !listening && listening.error().code == ErrorCode::kUnavailable;
}

}  // namespace

std::optional<std::string> missing_address(uv::Loop& loop, std::span<const HostPort> places) {
  for (const HostPort& place : places) {
    if (place.host.empty()) continue;  // all addresses, whichever there are
    const auto addresses = loop.hosts().find(place);
    if (!addresses) continue;
    const bool none = std::ranges::all_of(
        *addresses, [&loop](const SocketAddress& each) { return is_missing(loop, each); });
    if (none) return place.to_string();
  }
  return std::nullopt;
}

}  // namespace throttle::app
