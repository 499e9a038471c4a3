// Compares listen addresses without looking names up: only addresses and localhost can overlap.
#include "libthrottle/config/listen_places.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

constexpr IpAddress kAll;  // of IPv4, too
constexpr IpAddress kAllV4 = IpAddress::from_v4({0, 0, 0, 0});

// Names below it are this machine's, too: no name server is asked for them.
bool is_localhost(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < kName.size()) return false;
  const std::string_view before = host.substr(0, host.size() - kName.size());
  return equals_ignoring_case(host.substr(before.size()), kName) &&
         (before.empty() || before.ends_with('.'));
}

// Those that are known without a look-up: none for names other than localhost.
std::vector<IpAddress> addresses_of(const std::string& host) {
  if (host.empty()) return {kAll};
  if (is_localhost(host)) {
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
  if (a.is_unix() || b.is_unix()) return a == b;
  if (a.port != b.port || a.port == 0) return false;
  if (equals_ignoring_case(a.host, b.host)) return true;
  const auto ours = addresses_of(a.host);
  const auto theirs = addresses_of(b.host);
  if (ours == std::vector{kAll} || theirs == std::vector{kAll}) return true;
  return std::ranges::any_of(ours, [&theirs](const IpAddress& one) {
    return std::ranges::any_of(theirs, [&one](const IpAddress& other) {
      return covers(one, other) || covers(other, one);
    });
  });
}

bool names_this_machine(const HostPort& where) {
  if (is_localhost(where.host)) return true;
  const auto address = IpAddress::parse(where.host);
  if (!address) return false;
  return address->is_loopback() || *address == kAll || *address == kAllV4;
}

bool leads_to(const HostPort& upstream, const HostPort& listen) {
  if (upstream.is_unix() || listen.is_unix()) return upstream == listen;
  if (upstream.port != listen.port || upstream.port == 0) return false;
  return equals_ignoring_case(upstream.host, listen.host) ||
         (names_this_machine(upstream) && overlap(listen, upstream));
}

// The first of the places with which `where` overlaps; null if there is none.
const HostPort* find_overlap(const HostPort& where, std::span<const HostPort> places) {
  const auto there = std::ranges::find_if(
      places, [&where](const HostPort& place) { return overlap(place, where); });
  return there == places.end() ? nullptr : &*there;
}

std::string place(const HostPort& where) {
  if (!where.host.empty()) return where.to_string();
  return "port " + std::to_string(where.port) + " on all addresses";
}

const proxy::Settings* next_after(const proxy::Settings& at,
                                  std::span<const proxy::Settings> proxies) {
  const auto next = std::ranges::find_if(proxies, [&at](const proxy::Settings& proxy) {
    return std::ranges::any_of(
        proxy.listen, [&at](const HostPort& listen) { return leads_to(at.upstream, listen); });
  });
  return next == proxies.end() ? nullptr : &*next;
}

// The chain on one semaphore that begins at `first`.
std::string chain_from(const proxy::Settings& first, std::span<const proxy::Settings> proxies) {
  std::string way = quote(first.name);
  bool has_last = &first == &proxies.back();
  const proxy::Settings* at = &first;
  for (std::size_t steps = 0; steps < proxies.size(); ++steps) {
    at = next_after(*at, proxies);
    if (at == nullptr || at == &first) return {};
    way += " to " + quote(at->name);
    has_last = has_last || at == &proxies.back();
    if (at->semaphore_name() != first.semaphore_name()) continue;
    if (!has_last) return {};
    return "its connections take two places of the semaphore " + quote(first.semaphore_name()) +
           ": " + way;
  }
  return {};
}

}  // namespace

std::string who_listens_at(const HostPort& where, std::span<const proxy::Settings> proxies) {
  for (const proxy::Settings& proxy : proxies) {
    const HostPort* const there = find_overlap(where, proxy.listen);
    if (there != nullptr)
      return "the proxy " + quote(proxy.name) + " already listens on " + place(*there);
  }
  return {};
}

std::string clash_within(const proxy::Settings& proxy) {
  const std::span<const HostPort> places(proxy.listen);
  for (std::size_t i = 1; i < places.size(); ++i) {
    const HostPort* const there = find_overlap(places[i], places.first(i));
    if (there != nullptr) return "it already listens on " + place(*there);
  }
  return {};
}

std::string loop_closed_by_last(std::span<const proxy::Settings> proxies) {
  if (proxies.empty()) return {};
  const proxy::Settings& last = proxies.back();
  std::string way = quote(last.name);
  const proxy::Settings* at = &last;
  for (std::size_t steps = 0; steps < proxies.size(); ++steps) {
    at = next_after(*at, proxies);
    if (at == nullptr) return {};
    way += " to " + quote(at->name);
    if (at == &last) return "the connections would come back: " + way;
  }
  return {};
}

std::string chain_with_last(std::span<const proxy::Settings> proxies) {
  for (const proxy::Settings& first : proxies)
    if (std::string chain = chain_from(first, proxies); !chain.empty()) return chain;
  return {};
}

}  // namespace throttle::config
