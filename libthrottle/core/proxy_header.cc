// A line of text in version 1, a fixed head and a body in version 2; both are read from what has
// come so far.
#include "libthrottle/core/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "libthrottle/core/text.h"

namespace throttle {

namespace {

constexpr std::string_view kSignatureV1 = "PROXY ";
constexpr std::string_view kSignatureV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kMaxBytesV1 = 107;
constexpr std::size_t kFixedBytesV2 = 16;  // signature, version and command, family, length

using Header = Result<std::optional<ProxyHeader>>;

tl::unexpected<Error> bad(const std::string& why) {
  return fail(ErrorCode::kInvalidArgument, "bad PROXY header: " + why);
}

// --- version 1: a line of text ---

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || rest != end || padded) return bad(quote(text) + " is not a port");
  return port;
}

enum class Family : std::uint8_t { kV4, kV6 };

Result<IpAddress> parse_address(std::string_view text, Family family) {
  auto address = IpAddress::parse(text);
  if (!address) return bad(address.error().message);
  const bool written_as_v4 = text.find(':') == std::string_view::npos;
  if (written_as_v4 != (family == Family::kV4)) return bad(quote(text) + " is of another family");
  return address;
}

// The words behind the family: two addresses and two ports, with one blank between two of them.
using Words = std::array<std::string_view, 4>;
std::optional<Words> split(std::string_view text) {
  Words words;
  for (std::string_view& word : words) {
    const std::size_t end = text.find(' ');
    const bool is_last = &word == &words.back();
    if ((end == std::string_view::npos) != is_last) return std::nullopt;
    word = text.substr(0, end);
    if (!is_last) text.remove_prefix(end + 1);
  }
  return words;
}

Header parse_line(std::string_view line, std::size_t bytes) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view family_text = line.substr(0, end);
  if (family_text == "UNKNOWN") return ProxyHeader{std::nullopt, bytes};
  if (family_text != "TCP4" && family_text != "TCP6") {
    return bad("the family must be TCP4, TCP6 or UNKNOWN");
  }
  const auto words = split(line.substr(std::min(end + 1, line.size())));
  if (!words) return bad("expected two addresses and two ports, with single blanks");
  const Family family = family_text == "TCP4" ? Family::kV4 : Family::kV6;
  const auto source = parse_address((*words)[0], family);
  if (!source) return tl::unexpected(source.error());
  const auto destination = parse_address((*words)[1], family);
  if (!destination) return tl::unexpected(destination.error());
  const auto source_port = parse_port((*words)[2]);
  if (!source_port) return tl::unexpected(source_port.error());
  const auto destination_port = parse_port((*words)[3]);
  if (!destination_port) return tl::unexpected(destination_port.error());
  return ProxyHeader{ProxiedConnection{{*source, *source_port}, {*destination, *destination_port}},
                     bytes};
}

Header parse_v1(std::string_view bytes) {
  constexpr std::size_t kMaxBytesOfText = kMaxBytesV1 - 2;
  const std::size_t end = bytes.substr(0, kMaxBytesOfText + 1).find_first_of("\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() > kMaxBytesOfText) return bad("its line is too long");
    return std::nullopt;
  }
  const std::string_view line_end = bytes.substr(end, 2);
  if (line_end == "\r") return std::nullopt;
  if (line_end != "\r\n") return bad("its line must end with both CR and LF");
  return parse_line(bytes.substr(kSignatureV1.size(), end - kSignatureV1.size()), end + 2);
}

// --- version 2: binary ---

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

std::uint16_t u16_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint16_t>(byte_at(bytes, index) << 8U | byte_at(bytes, index + 1));
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> bytes_at(std::string_view bytes, std::size_t index) {
  std::array<std::uint8_t, kSize> copy{};
  std::transform(bytes.begin() + static_cast<std::ptrdiff_t>(index),
                 bytes.begin() + static_cast<std::ptrdiff_t>(index + kSize), copy.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return copy;
}

// The two addresses and two ports of the body. A header of something else than TCP over IP is
// valid, but names nothing that a TCP proxy could use.
Result<std::optional<ProxiedConnection>> parse_body_v2(unsigned family, std::string_view body) {
  constexpr unsigned kTcp4 = 0x11;
  constexpr unsigned kTcp6 = 0x21;
  constexpr unsigned kLastFamily = 3;
  constexpr unsigned kLastProtocol = 2;
  if (family >> 4U > kLastFamily || (family & 0xfU) > kLastProtocol) {
    return bad("its address family or transport protocol is unknown");
  }
  if (family == kTcp4) {
    if (body.size() < 12) return bad("it is too short for its addresses");
    return ProxiedConnection{{IpAddress::from_v4(bytes_at<4>(body, 0)), u16_at(body, 8)},
                             {IpAddress::from_v4(bytes_at<4>(body, 4)), u16_at(body, 10)}};
  }
  if (family == kTcp6) {
    if (body.size() < 36) return bad("it is too short for its addresses");
    return ProxiedConnection{{IpAddress::from_v6(bytes_at<16>(body, 0)), u16_at(body, 32)},
                             {IpAddress::from_v6(bytes_at<16>(body, 16)), u16_at(body, 34)}};
  }
  return std::nullopt;
}

Header parse_v2(std::string_view bytes) {
  constexpr unsigned kLocal = 0x20;
  constexpr unsigned kProxy = 0x21;
  if (bytes.size() <= kSignatureV2.size()) return std::nullopt;
  const unsigned command = byte_at(bytes, kSignatureV2.size());
  if (command != kLocal && command != kProxy) return bad("its version or command is unknown");
  if (bytes.size() < kFixedBytesV2) return std::nullopt;
  const std::size_t size = kFixedBytesV2 + u16_at(bytes, 14);
  if (size > kProxyHeaderMaxBytes) return bad("it is longer than anybody needs");
  if (bytes.size() < size) return std::nullopt;
  if (command == kLocal) return ProxyHeader{std::nullopt, size};
  const auto connection =
      parse_body_v2(byte_at(bytes, 13), bytes.substr(kFixedBytesV2, size - kFixedBytesV2));
  if (!connection) return tl::unexpected(connection.error());
  return ProxyHeader{*connection, size};
}

bool begins_like(std::string_view bytes, std::string_view signature) {
  const std::size_t common = std::min(bytes.size(), signature.size());
  return bytes.substr(0, common) == signature.substr(0, common);
}

void append_u16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8U);
  out += static_cast<char>(value & 0xffU);
}

bool both_v4(const ProxiedConnection& connection) {
  return connection.source.ip.is_v4() && connection.destination.ip.is_v4();
}

// As IPv6: the mapped form of an IPv4 address, in the groups of hexadecimal digits that version 1
// asks for.
std::string v6_text(const IpAddress& address) {
  if (!address.is_v4()) return address.to_string();
  std::string text = "::ffff";
  for (const std::size_t i : {12U, 14U}) {
    const unsigned group = static_cast<unsigned>(address.bytes()[i]) << 8U | address.bytes()[i + 1];
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), group, 16);
    text += ':';
    text.append(digits.data(), end.ptr);
  }
  return text;
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view bytes) {
  if (begins_like(bytes, kSignatureV1)) {
    return bytes.size() < kSignatureV1.size() ? Header(std::nullopt) : parse_v1(bytes);
  }
  if (begins_like(bytes, kSignatureV2)) return parse_v2(bytes);
  return bad("the connection does not begin with one");
}

std::string proxy_header_v1(const ProxiedConnection& connection) {
  if (connection.source.ip.is_unix()) return std::string(kSignatureV1) + "UNKNOWN\r\n";
  const bool v4 = both_v4(connection);
  const auto text = [v4](const IpAddress& ip) { return v4 ? ip.to_string() : v6_text(ip); };
  return std::string(kSignatureV1) + (v4 ? "TCP4 " : "TCP6 ") + text(connection.source.ip) + ' ' +
         text(connection.destination.ip) + ' ' + std::to_string(connection.source.port) + ' ' +
         std::to_string(connection.destination.port) + "\r\n";
}

std::string proxy_header_v2(const ProxiedConnection& connection) {
  if (connection.source.ip.is_unix()) {
    constexpr std::string_view kLocal("\x20\0\0\0", 4);  // no family, and nothing follows
    return std::string(kSignatureV2).append(kLocal);
  }
  const bool v4 = both_v4(connection);
  const std::size_t skipped = v4 ? 12 : 0;  // IPv4 is the end of its mapped form
  std::string header(kSignatureV2);
  header += '\x21';
  header += v4 ? '\x11' : '\x21';
  append_u16(header, v4 ? 12 : 36);
  for (const SocketAddress* address : {&connection.source, &connection.destination}) {
    const IpAddress::Bytes& ip = address->ip.bytes();
    header.append(ip.begin() + static_cast<std::ptrdiff_t>(skipped), ip.end());
  }
  append_u16(header, connection.source.port);
  append_u16(header, connection.destination.port);
  return header;
}

}  // namespace throttle
