// Networks in CIDR form: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7"; and the clients of Unix
// sockets: "unix", or those of one user, "unix:uid=1000".
//
// Threads: values only.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"

namespace throttle {

// The address with all but its first `prefix_bits` bits cleared. The bits count from the first of
// the address's own family: 0 to 32 for IPv4, 0 to 128 for IPv6. The client of a Unix socket stays.
IpAddress masked(const IpAddress& address, unsigned prefix_bits);

class IpNetwork {
 public:
  // Error kInvalidArgument: not an address, a prefix that is too long, or bits set beyond it (the
  // text then names the network that was probably meant).
  static Result<IpNetwork> parse(std::string_view text);

  // An IPv4 address is never in an IPv6 network, nor the reverse; a client of a Unix socket is in
  // neither.
  bool contains(const IpAddress& address) const;
  const IpAddress& first() const { return first_; }
  unsigned prefix_bits() const { return prefix_bits_; }
  std::string to_string() const;

  auto operator<=>(const IpNetwork&) const = default;

 private:
  IpNetwork(const IpAddress& first, unsigned prefix_bits)
      : first_(first), prefix_bits_(prefix_bits) {}

  IpAddress first_;
  unsigned prefix_bits_ = 0;
};

// Whether one of the networks contains the address.
bool is_within(const IpAddress& address, std::span<const IpNetwork> networks);

}  // namespace throttle
