// Addresses of peers: an IP address (IPv4 or IPv6) with a port, in 24 bytes and without a heap.
//
// IPv4 is kept as IPv4-mapped IPv6, so 10.0.0.1 and ::ffff:10.0.0.1 are one client everywhere.
// Threads: values only.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle {

// An IP address. The default is the unspecified address "::".
class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  constexpr IpAddress() = default;
  // The sixteen bytes of IPv6, in network order; an IPv4-mapped one is that IPv4 address.
  static constexpr IpAddress from_v6(const Bytes& bytes) {
    IpAddress address;
    address.bytes_ = bytes;
    return address;
  }
  // The four bytes of IPv4, in network order.
  static constexpr IpAddress from_v4(const std::array<std::uint8_t, 4>& bytes) {
    return from_v6(
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, bytes[0], bytes[1], bytes[2], bytes[3]});
  }
  // "10.0.0.1", "2001:db8::1" or "::ffff:10.0.0.1"; no brackets, no zone, no leading zeros in the
  // numbers of IPv4. Error kInvalidArgument names the text.
  static Result<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;  // 127.0.0.0/8 or ::1
  const Bytes& bytes() const { return bytes_; }
  std::string to_string() const;  // IPv6 in the form of RFC 5952

  auto operator<=>(const IpAddress&) const = default;

 private:
  Bytes bytes_{};
};

// An IP address and a port in host order.
struct SocketAddress {
  IpAddress ip = {};
  std::uint16_t port = 0;

  // "10.0.0.1:80" or "[::1]:80".
  std::string to_string() const;
  auto operator<=>(const SocketAddress&) const = default;
};

// A host as people write it, not looked up: "localhost", "0.0.0.0", "[::1]" or "::1". The result
// has no brackets any more. Error kInvalidArgument names the text.
Result<std::string> parse_host(std::string_view text);

// HOST:PORT as people write it: "localhost:8000", "0.0.0.0:80", "[::1]:80". The host is not looked
// up and has no brackets any more.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  std::string to_string() const;  // as it is written, with brackets around IPv6
  bool operator==(const HostPort&) const = default;
};

// Error kInvalidArgument: says which part is missing or wrong. Port 0 is left to the system.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace throttle
