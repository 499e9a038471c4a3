// Compares names of hosts without looking them up.
#include "libthrottle/http/stranger.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "libthrottle/core/text.h"

namespace throttle::http {
namespace {

// "a" of "a:80", "::1" of "[::1]:80".
std::string_view name_of(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_own(std::string_view host, const OwnNames& names) {
  const std::string_view name = name_of(host);
  if (equals_ignoring_case(name, "localhost")) return true;
  if (const auto address = IpAddress::parse(name); address && address->is_loopback()) return true;
  return std::ranges::any_of(
      names.further, [name](const std::string& each) { return equals_ignoring_case(name, each); });
}

// Whether the page is one of this server, or of a host that is named as its own.
bool is_foreign(std::string_view origin, const Request& request, const OwnNames& names) {
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return true;  // "null"
  const std::string_view host = origin.substr(scheme + 3);
  const std::string_view name = name_of(host);
  return !equals_ignoring_case(host, request.host) &&
         std::ranges::none_of(names.further, [name](const std::string& each) {
           return equals_ignoring_case(name, each);
         });
}

Response forbidden(std::string text) {
  return {.status = 403, .body = std::move(text)};
}

}  // namespace

std::optional<Response> refuse_stranger(const Request& request, const OwnNames& names) {
  if (names.on_loopback && !request.host.empty() && !is_own(request.host, names)) {
    return forbidden("This server listens on a loopback address and is not called " +
                     quote(request.host) + ". Use localhost, or add the name to [http] hosts.");
  }
  const bool reads = request.method == Method::kGet || request.method == Method::kHead;
  if (reads) return std::nullopt;
  if (is_foreign(request.origin, request, names) ||
      equals_ignoring_case(request.fetch_site, "cross-site")) {
    return forbidden(
        "A page of another site may not change anything here. If it may, add the name of its host "
        "to [http] hosts.");
  }
  return std::nullopt;
}

}  // namespace throttle::http
