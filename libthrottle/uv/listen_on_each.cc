#include "libthrottle/uv/listen_on_each.h"

#include <optional>

#include "libthrottle/uv/resolver.h"

namespace throttle::uv {

Result<SocketAddress> listen_on_each(
    const HostPort& where,
    const std::function<Result<SocketAddress>(const SocketAddress&)>& listen) {
  const auto addresses =
      where.host.empty() ? Result<Addresses>({{IpAddress(), where.port}}) : resolve(where);
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
  if (!first) return tl::unexpected(*failure);
  return *first;
}

}  // namespace throttle::uv
