// Addresses of peers: an IP address (IPv4 or IPv6) with a port, in 24 bytes and without a heap.
//
// IPv4 is kept as IPv4-mapped IPv6, so 10.0.0.1 and ::ffff:10.0.0.1 are one client everywhere. The
// client of a Unix socket has no address; its user takes the place of one.
// Threads: values only.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
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
  // The client of a Unix socket: the user that it runs as, if the system says. It is no address: in
  // no network, and equal to none that can connect (it is kept as one of multicast).
  static IpAddress of_unix(std::optional<std::uint32_t> user);
  // All that to_string() writes: also "unix" and "unix:uid=1000".
  static Result<IpAddress> parse_client(std::string_view text);

  bool is_v4() const;
  bool is_unix() const;
  bool is_loopback() const;  // 127.0.0.0/8 or ::1
  const Bytes& bytes() const { return bytes_; }
  // IPv6 in the form of RFC 5952; "unix" or "unix:uid=1000" for the client of a Unix socket.
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Bytes bytes_{};
};

// An IP address and a port in host order.
struct SocketAddress {
  IpAddress ip = {};
  std::uint16_t port = 0;

  // "10.0.0.1:80" or "[::1]:80"; without a port for the client of a Unix socket.
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

  // A Unix socket, which is a place too: "unix:" and its path are the host, and no host that people
  // can write is like that.
  static HostPort of_unix(std::string_view path);
  bool is_unix() const;
  std::string_view unix_path() const;  // empty if it is none

  std::string to_string() const;  // as it is written, with brackets around IPv6
  bool operator==(const HostPort&) const = default;
};

// How a Unix socket is written: "unix:/run/x.sock".
inline constexpr std::string_view kUnixPrefix = "unix:";

// Where a socket really is: at an IP address with a port, or at the path of a Unix socket.
struct Endpoint {
  Endpoint(const SocketAddress& at = {}) : address(at) {}  // NOLINT: it is one
  static Endpoint of_unix(std::string path);

  bool is_unix() const { return !path.empty(); }
  // As HostPort writes it.
  std::string to_string() const;
  bool operator==(const Endpoint&) const = default;

  SocketAddress address = {};
  std::string path = {};
};

// Error kInvalidArgument: says which part is missing or wrong. Port 0 is left to the system.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace throttle
