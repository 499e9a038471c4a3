// Which addresses a listener takes, and which failures of one of them it can do without.
#include "libthrottle/uv/listen_on_each.h"

#include <cstdint>
#include <optional>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/handed_sockets.h"
#include "libthrottle/uv/host_table.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {
namespace {

using Listen = std::function<Result<SocketAddress>(const SocketAddress&)>;

// "::" takes IPv4 as well; a machine without IPv6 does not have it.
Result<SocketAddress> listen_on_all(std::uint16_t port, const Listen& listen) {
  auto both = listen({IpAddress(), port});
  if (both || both.error().code == ErrorCode::kInUse) return both;
  return listen({IpAddress::from_v4({0, 0, 0, 0}), port});
}

Result<Addresses> addresses_of(Loop& loop, const HostPort& where) {
  if (HandedSockets::is_place(where)) return loop.handed_sockets().addresses(where);
  if (loop.hosts().has(where.host)) return loop.hosts().find(where);
  return look_up_hosts({&where, 1}, kListenLookUpLimit).find(where);
}

}  // namespace

Result<SocketAddress> listen_on_each(
    Loop& loop, const HostPort& where,
    const std::function<Result<SocketAddress>(const SocketAddress&)>& listen) {
  if (where.host.empty()) return listen_on_all(where.port, listen);
  const auto addresses = addresses_of(loop, where);
  if (!addresses) return tl::unexpected(addresses.error());
  std::optional<SocketAddress> first;
  std::optional<Error> failure;
  for (SocketAddress address : *addresses) {
    if (address.port == 0 && first) address.port = first->port;
    const auto listening = listen(address);
    if (!listening) {
      failure = listening.error();
      if (failure->code == ErrorCode::kInUse) return tl::unexpected(*failure);
    } else if (!first) {
      first = *listening;
    }
  }
  THROTTLE_CHECK(first || failure);
  if (!first) return tl::unexpected(*failure);
  return *first;
}

}  // namespace throttle::uv
