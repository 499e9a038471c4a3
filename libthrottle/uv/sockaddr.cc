// Converts between sockaddr_in, sockaddr_in6 and SocketAddress.
#include "libthrottle/uv/sockaddr.h"

#include <array>
#include <cstring>

namespace throttle::uv {

Sockaddr::Sockaddr(const SocketAddress& address) {
  const IpAddress::Bytes& bytes = address.ip.bytes();
  const std::uint16_t port = htons(address.port);
  if (address.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = port;
    std::memcpy(&v4.sin_addr, &bytes[12], 4);
    std::memcpy(&storage_, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port;
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&storage_, &v6, sizeof v6);
  }
}

std::optional<SocketAddress> from_sockaddr(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return SocketAddress{IpAddress::from_v4(bytes), ntohs(v4.sin_port)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    IpAddress::Bytes bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return SocketAddress{IpAddress::from_v6(bytes), ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

int query_name(const uv_tcp_t& socket, NameQuery query, SocketAddress& address) {
  sockaddr_storage storage{};
  int size = sizeof storage;
  auto* name = reinterpret_cast<sockaddr*>(&storage);
  if (const int status = query(&socket, name, &size); status < 0) return status;
  const auto known = from_sockaddr(name);
  if (!known) return UV_EAFNOSUPPORT;
  address = *known;
  return 0;
}

}  // namespace throttle::uv
