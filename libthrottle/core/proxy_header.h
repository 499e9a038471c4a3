// The PROXY protocol, versions 1 and 2: a few bytes before all others that name the client behind a
// load balancer. Source: haproxy's proxy-protocol.txt (2020). Checksums and everything else that
// version 2 may carry besides the addresses are skipped.
//
//   PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"

namespace throttle {

// A connection as its load balancer saw it.
struct ProxiedConnection {
  SocketAddress source;       // the client
  SocketAddress destination;  // what it connected to
  bool operator==(const ProxiedConnection&) const = default;
};

struct ProxyHeader {
  // Absent: the balancer speaks for itself (a health check), or knows no address of the client, or
  // the client did not come by TCP over IP.
  std::optional<ProxiedConnection> connection;
  std::size_t bytes = 0;  // how long the header is; what follows is the client's
};

// The most that a header may take: version 1 has 107 bytes, version 2 as many as it says.
inline constexpr std::size_t kProxyHeaderMaxBytes = 4096;

// Reads the header at the beginning of `bytes`. Nothing if it is not complete yet and may still
// become one; what is none is refused as soon as that is certain. Error kInvalidArgument: it is
// none, and says why.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view bytes);

// The header that names `connection`. Both of its addresses are of one family, or the IPv4 one
// is written as an IPv4-mapped one. If its source is the client of a Unix socket, the header says
// that there are no addresses (UNKNOWN; the command LOCAL of version 2).
std::string proxy_header_v1(const ProxiedConnection& connection);
std::string proxy_header_v2(const ProxiedConnection& connection);

}  // namespace throttle
