// Listening on all addresses of a host name.
// Threads: the loop's.
#pragma once

#include <chrono>
#include <functional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle::uv {

class Loop;

// Calls `listen` for each address of `where` (localhost: 127.0.0.1 and ::1), all on one port, and
// returns the first one that works. An address that this machine does not have is no error if
// another one works; an address that is in use is. An empty host means all addresses. Errors name
// the address.
//
// The addresses are those that the loop's table has (Loop::hosts()), and then it never blocks. A
// host that is not in the table is looked up here, which blocks for kListenLookUpLimit at most: for
// the start of a program.
inline constexpr Duration kListenLookUpLimit = std::chrono::seconds(10);
Result<SocketAddress> listen_on_each(
    Loop& loop, const HostPort& where,
    const std::function<Result<SocketAddress>(const SocketAddress&)>& listen);

}  // namespace throttle::uv
