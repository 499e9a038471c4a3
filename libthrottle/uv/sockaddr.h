// The system's socket addresses to ours and back, for the .cc files of this room. Threads: any.
#pragma once

#include <optional>

#include <uv.h>

#include "libthrottle/core/address.h"

namespace throttle::uv {

// AF_INET for IPv4 (also where it came IPv4-mapped), else AF_INET6.
struct Sockaddr {
  explicit Sockaddr(const SocketAddress& address);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }

 private:
  sockaddr_storage storage_{};
};

// What uv_tcp_getsockname() or uv_tcp_getpeername() answers, in `address`; a libuv status.
using NameQuery = int (*)(const uv_tcp_t*, sockaddr*, int*);
int query_name(const uv_tcp_t& socket, NameQuery query, SocketAddress& address);

// Nothing if it is of another family. The scope of a link-local address is lost.
std::optional<SocketAddress> from_sockaddr(const sockaddr* address);

}  // namespace throttle::uv
