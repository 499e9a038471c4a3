// Reads CIDR notation and compares prefixes bit by bit; IPv4 networks are prefixes of mapped IPv6.
#include "libthrottle/core/ip_network.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace throttle {

namespace {

constexpr unsigned kV4Bits = 32;
constexpr unsigned kV6Bits = 128;
constexpr unsigned kV4Offset = kV6Bits - kV4Bits;  // IPv4 is the last bytes of a mapped one

unsigned family_bits(const IpAddress& address) {
  return address.is_v4() ? kV4Bits : kV6Bits;
}

}  // namespace

IpAddress masked(const IpAddress& address, unsigned prefix_bits) {
  if (address.is_unix()) return address;
  const unsigned kept = prefix_bits + (address.is_v4() ? kV4Offset : 0);
  IpAddress::Bytes bytes = address.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned before = static_cast<unsigned>(i) * 8;
    if (before >= kept) {
      bytes[i] = 0;
    } else if (kept - before < 8) {
      bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> (kept - before)));
    }
  }
  return IpAddress::from_v6(bytes);
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::string quoted = '"' + std::string(text) + '"';
  if (const auto client = IpAddress::parse_client(text); client && client->is_unix())
    return IpNetwork(*client, *client == IpAddress::of_unix({}) ? 0 : kV6Bits);
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());

  unsigned prefix_bits = family_bits(*address);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, prefix_bits);
    if (error != std::errc() || rest != end || prefix_bits > family_bits(*address)) {
      return fail(ErrorCode::kInvalidArgument,
                  quoted + ": the prefix after '/' must be a number from 0 to " +
                      std::to_string(family_bits(*address)));
    }
  }
  const IpNetwork network(masked(*address, prefix_bits), prefix_bits);
  if (network.first_ != *address) {
    return fail(ErrorCode::kInvalidArgument,
                quoted + " has bits set beyond its prefix; the network is " + network.to_string());
  }
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  if (first_.is_unix() && prefix_bits_ == 0) return address.is_unix();
  return address.is_v4() == first_.is_v4() && masked(address, prefix_bits_) == first_;
}

std::string IpNetwork::to_string() const {
  if (first_.is_unix()) return first_.to_string();
  return first_.to_string() + '/' + std::to_string(prefix_bits_);
}

bool is_within(const IpAddress& address, std::span<const IpNetwork> networks) {
  return std::ranges::any_of(
      networks, [&address](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace throttle
