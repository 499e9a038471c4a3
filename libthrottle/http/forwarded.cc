// Takes the headers apart from their right end, as far as they are believed.
#include "libthrottle/http/forwarded.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/text.h"

namespace throttle::http {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The parts between the separators that are in no quoted text, without blanks around them. Nothing
// if a quote is not closed.
using Parts = std::optional<std::vector<std::string_view>>;
Parts split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == separator && !quoted) {
      parts.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (quoted) return std::nullopt;
  parts.push_back(trim(text.substr(begin)));
  return parts;
}

Parts split_standard(std::string_view header) {
  return split(header, ',');
}

// X-Forwarded-For has no quoted texts: a quote that a client sent hides nothing behind it.
Parts split_custom(std::string_view header) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= header.size();) {
    const std::size_t end = std::min(header.find(',', begin), header.size());
    parts.push_back(trim(header.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

// What an element says of the client.
struct Hop {
  enum class Kind { kAddress, kHidden, kMalformed };
  Kind kind = Kind::kMalformed;
  SocketAddress address = {};
};

Hop at(const IpAddress& ip, std::uint16_t port) {
  return {Hop::Kind::kAddress, {ip, port}};
}

// An address with or without a port; IPv6 with or without brackets.
Hop read_node(std::string_view node) {
  if (equals_ignoring_case(node, "unknown") || node.starts_with('_')) return {Hop::Kind::kHidden};
  if (const auto bare = IpAddress::parse(node)) return at(*bare, 0);
  if (node.starts_with('[') && node.ends_with(']')) {
    const auto ip = IpAddress::parse(node.substr(1, node.size() - 2));
    return ip ? at(*ip, 0) : Hop{};
  }
  const auto with_port = parse_host_port(node);
  if (!with_port) return {};
  const auto ip = IpAddress::parse(with_port->host);
  return ip ? at(*ip, with_port->port) : Hop{};
}

// for=192.0.2.60;proto=http;by=203.0.113.43, in any order.
Hop read_forwarded(std::string_view element) {
  const auto pairs = split(element, ';');
  if (!pairs) return {};
  for (const std::string_view pair : *pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return {};
    if (!equals_ignoring_case(trim(pair.substr(0, equals)), "for")) continue;
    const std::string_view value = trim(pair.substr(equals + 1));
    const bool quoted = value.size() > 1 && value.front() == '"' && value.back() == '"';
    return read_node(quoted ? value.substr(1, value.size() - 2) : value);
  }
  return {Hop::Kind::kHidden};
}

RealClient follow(const SocketAddress& connection, const Parts& elements,
                  Hop (*read)(std::string_view), std::span<const IpNetwork> trusted) {
  RealClient client{.address = connection};
  client.is_malformed = !elements;
  if (!elements) return client;
  for (auto element = elements->rbegin(); element != elements->rend(); ++element) {
    if (!is_within(client.address.ip, trusted)) return client;
    const Hop hop = read(*element);
    client.is_malformed = hop.kind == Hop::Kind::kMalformed;
    if (hop.kind != Hop::Kind::kAddress) return client;
    client.address = hop.address;
    client.is_forwarded = true;
  }
  return client;
}

}  // namespace

RealClient real_client(const Request& request, std::span<const IpNetwork> trusted) {
  const RealClient nearest{.address = request.client};
  const bool by_standard = !request.forwarded.empty();
  const bool by_custom = !request.forwarded_for.empty();
  if (!is_within(request.client.ip, trusted) || !(by_standard || by_custom)) return nearest;
  const auto standard =
      follow(request.client, split_standard(request.forwarded), &read_forwarded, trusted);
  const auto custom =
      follow(request.client, split_custom(request.forwarded_for), &read_node, trusted);
  if (!by_custom) return standard;
  if (!by_standard) return custom;
  if (standard.address.ip == custom.address.ip) return standard;
  return {.address = request.client, .is_malformed = true};
}

}  // namespace throttle::http
