#include "libthrottle/config/listen_places.h"

#include <algorithm>
#include <vector>

#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

constexpr IpAddress kAll;  // of IPv4, too
constexpr IpAddress kAllV4 = IpAddress::from_v4({0, 0, 0, 0});

// Those that are known; none for another name than localhost.
std::vector<IpAddress> addresses_of(const std::string& host) {
  if (host.empty()) return {kAll};
  if (host == "localhost") {
    return {*IpAddress::parse("::1"), IpAddress::from_v4({127, 0, 0, 1})};
  }
  const auto address = IpAddress::parse(host);
  if (!address) return {};
  return {*address};
}

bool covers(const IpAddress& one, const IpAddress& other) {
  return one == other || one == kAll || (one == kAllV4 && other.is_v4());
}

bool overlap(const HostPort& a, const HostPort& b) {
  if (a.port != b.port || a.port == 0) return false;
  if (a.host == b.host) return true;
  const auto ours = addresses_of(a.host);
  const auto theirs = addresses_of(b.host);
  if (ours == std::vector{kAll} || theirs == std::vector{kAll}) return true;
  return std::ranges::any_of(ours, [&theirs](const IpAddress& one) {
    return std::ranges::any_of(theirs, [&one](const IpAddress& other) {
      return covers(one, other) || covers(other, one);
    });
  });
}

std::string place(const HostPort& where) {
  if (!where.host.empty()) return where.to_string();
  return "port " + std::to_string(where.port) + " of all addresses";
}

}  // namespace

std::string who_listens_at(const HostPort& where, std::span<const proxy::Settings> proxies) {
  const auto there = std::ranges::find_if(
      proxies, [&where](const proxy::Settings& proxy) { return overlap(proxy.listen, where); });
  if (there == proxies.end()) return {};
  return "the proxy " + quote(there->name) + " listens on " + place(there->listen) + " already";
}

}  // namespace throttle::config
