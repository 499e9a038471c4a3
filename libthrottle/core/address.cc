// Reads and writes addresses. IPv6 is written by the rules of RFC 5952.
#include "libthrottle/core/address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "libthrottle/core/text.h"

namespace throttle {

namespace {

constexpr std::size_t kGroups = 8;
constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The whole of `text` as an unsigned number of at most `max_digits` digits.
template <typename T>
std::optional<T> parse_number(std::string_view text, std::size_t max_digits, int base) {
  T number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end || text.size() > max_digits) return std::nullopt;
  return number;
}

// What is before the first `separator`, which is taken off too; all of `rest` if there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t length = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, length);
  rest.remove_prefix(std::min(length + 1, rest.size()));
  return taken;
}

// Four decimal numbers. No leading zeros: some programs would read them as octal.
std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  if (std::ranges::count(text, '.') != 3) return std::nullopt;
  std::array<std::uint8_t, 4> bytes{};
  for (std::uint8_t& byte : bytes) {
    const std::string_view part = take_until(text, '.');
    const auto number = parse_number<std::uint8_t>(part, 3, 10);
    if (!number || (part.size() > 1 && part.front() == '0')) return std::nullopt;
    byte = *number;
  }
  return bytes;
}

// The groups of sixteen bits on one side of "::".
struct Groups {
  std::array<std::uint16_t, kGroups> values{};
  std::size_t count = 0;

  bool add(std::optional<std::uint16_t> group) {
    if (!group || count == kGroups) return false;
    values[count++] = *group;
    return true;
  }
};

// "a:b:c", or nothing; the last group may be an IPv4 address.
bool read_groups(std::string_view text, Groups& groups) {
  for (bool more = !text.empty(); more;) {
    more = text.find(':') != std::string_view::npos;
    const std::string_view part = take_until(text, ':');
    const auto v4 = more ? std::nullopt : parse_v4(part);
    const bool added = v4 ? groups.add(static_cast<std::uint16_t>((*v4)[0] << 8 | (*v4)[1])) &&
                                groups.add(static_cast<std::uint16_t>((*v4)[2] << 8 | (*v4)[3]))
                          : groups.add(parse_number<std::uint16_t>(part, 4, 16));
    if (!added) return false;
  }
  return true;
}

std::optional<IpAddress::Bytes> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const std::string_view front = text.substr(0, gap);
  Groups left;
  Groups right;
  if (!read_groups(front, left)) return std::nullopt;
  if (has_gap && front.find('.') != std::string_view::npos) return std::nullopt;
  if (has_gap && !read_groups(text.substr(gap + 2), right)) return std::nullopt;
  const std::size_t count = left.count + right.count;
  if (has_gap ? count >= kGroups : count != kGroups) return std::nullopt;
  std::copy_n(right.values.begin(), right.count, left.values.end() - right.count);
  IpAddress::Bytes bytes{};
  for (std::size_t i = 0; i < kGroups; ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(left.values[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(left.values[i] & 0xff);
  }
  return bytes;
}

// Where zeros are left out: the first of the longest runs of at least two groups.
struct Run {
  std::size_t begin = kGroups;
  std::size_t length = 1;
};
Run longest_zero_run(const std::array<std::uint16_t, kGroups>& groups) {
  Run longest;
  for (std::size_t i = 0; i < kGroups;) {
    std::size_t end = i;
    while (end < kGroups && groups[end] == 0) {
      ++end;
    }
    if (end - i > longest.length) longest = {i, end - i};
    i = end + 1;
  }
  return longest;
}

std::string v6_text(const IpAddress::Bytes& bytes) {
  std::array<std::uint16_t, kGroups> groups{};
  for (std::size_t i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const Run zeros = longest_zero_run(groups);
  std::string out;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == zeros.begin) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16);
    out.append(digits.data(), end.ptr);
  }
  return out;
}

std::string v4_text(const IpAddress::Bytes& bytes) {
  std::string out = std::to_string(bytes[12]);
  for (std::size_t i = 13; i < 16; ++i) {
    out += '.' + std::to_string(bytes[i]);
  }
  return out;
}

// The user, if it is known, is in the last four bytes, and the byte after these is 1.
constexpr std::array<std::uint8_t, 8> kUnixClient = {0xff, 0, 0, 0, 'u', 'n', 'i', 'x'};
constexpr std::string_view kUnixClientText = "unix";
constexpr std::string_view kUnixUserText = "unix:uid=";

std::string unix_text(const IpAddress::Bytes& bytes) {
  if (bytes[kUnixClient.size()] == 0) return std::string(kUnixClientText);
  std::uint32_t user = 0;
  for (std::size_t i = bytes.size() - sizeof(user); i < bytes.size(); ++i)
    user = user << 8U | bytes[i];
  return std::string(kUnixUserText) + std::to_string(user);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

tl::unexpected<Error> not_host_port(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, quote(text) + " is not HOST:PORT: " + std::string(why));
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (const auto v4 = parse_v4(text)) return from_v4(*v4);
  if (const auto v6 = parse_v6(text)) return from_v6(*v6);
  return fail(ErrorCode::kInvalidArgument,
              quote(text) + " is not an IP address such as 10.0.0.1 or 2001:db8::1");
}

IpAddress IpAddress::of_unix(std::optional<std::uint32_t> user) {
  Bytes bytes{};
  std::ranges::copy(kUnixClient, bytes.begin());
  if (!user) return from_v6(bytes);
  bytes[kUnixClient.size()] = 1;
  for (std::size_t i = 0; i < sizeof(*user); ++i)
    bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(*user >> (8 * i) & 0xff);
  return from_v6(bytes);
}

Result<IpAddress> IpAddress::parse_client(std::string_view text) {
  if (text == kUnixClientText) return of_unix(std::nullopt);
  if (text.starts_with(kUnixUserText)) {
    const auto user = parse_number<std::uint32_t>(text.substr(kUnixUserText.size()), 10, 10);
    if (user) return of_unix(user);
  }
  return parse(text);
}

bool IpAddress::is_unix() const {
  return std::equal(kUnixClient.begin(), kUnixClient.end(), bytes_.begin());
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const {
  constexpr IpAddress kV6 = from_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  return is_v4() ? bytes_[kMappedPrefix.size()] == 127 : *this == kV6;
}

std::string IpAddress::to_string() const {
  if (is_unix()) return unix_text(bytes_);
  return is_v4() ? v4_text(bytes_) : v6_text(bytes_);
}

HostPort HostPort::of_unix(std::string_view path) {
  return {std::string(kUnixPrefix).append(path), 0};
}

bool HostPort::is_unix() const {
  return host.starts_with(kUnixPrefix);
}

std::string_view HostPort::unix_path() const {
  return is_unix() ? std::string_view(host).substr(kUnixPrefix.size()) : std::string_view();
}

Endpoint Endpoint::of_unix(std::string path) {
  Endpoint endpoint;
  endpoint.path = std::move(path);
  return endpoint;
}

std::string Endpoint::to_string() const {
  return is_unix() ? HostPort::of_unix(path).to_string() : address.to_string();
}

std::string HostPort::to_string() const {
  if (is_unix()) return host;
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string SocketAddress::to_string() const {
  if (ip.is_unix()) return ip.to_string();
  const std::string host = ip.to_string();
  return (ip.is_v4() ? host : '[' + host + ']') + ':' + std::to_string(port);
}

Result<std::string> parse_host(std::string_view text) {
  const bool bracketed = text.size() > 1 && text.front() == '[' && text.back() == ']';
  const std::string_view host = bracketed ? text.substr(1, text.size() - 2) : text;
  if (parse_v6(host)) return std::string(host);
  if (!bracketed && !host.empty() && host.front() != '-' &&
      std::ranges::all_of(host, is_name_character)) {
    return std::string(host);
  }
  const bool is_ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return fail(ErrorCode::kInvalidArgument,
              quote(text) +
                  " is not a host: expected a name, an IPv4 address or an IPv6 address "
                  "in brackets" +
                  (is_ascii ? "" : "; write a name beyond ASCII in punycode (xn--...)"));
}

Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) {
    return not_host_port(text, "the port is missing, as in localhost:8000");
  }
  const std::string_view host_text = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host_text.empty()) return not_host_port(text, "the host is missing, as in localhost:8000");
  if (host_text.front() != '[' && host_text.find(':') != std::string_view::npos) {
    return not_host_port(text, "an IPv6 address needs brackets, as in [::1]:8000");
  }
  const auto host = parse_host(host_text);
  if (!host) return not_host_port(text, host.error().message);
  const auto port = parse_number<std::uint16_t>(port_text, 5, 10);
  if (!port) {
    return not_host_port(text, "the port " + quote(port_text) + " is not a number from 0 to 65535");
  }
  return HostPort{*host, *port};
}

}  // namespace throttle
