// Listening on all addresses of a host name.
// Threads: the loop's.
#pragma once

#include <functional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"

namespace throttle::uv {

// Calls `listen` for each address of `where` (localhost: ::1 and 127.0.0.1), all on one port, and
// returns the first one that works. Those that this machine does not have are no error as long as
// one is left; one that is in use is. An empty host means all addresses. Errors name the address.
Result<SocketAddress> listen_on_each(
    const HostPort& where,
    const std::function<Result<SocketAddress>(const SocketAddress&)>& listen);

}  // namespace throttle::uv
