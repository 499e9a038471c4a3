#include "libthrottle/http/router.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::http {
namespace {

constexpr std::size_t kMaxSegments = 8;
constexpr std::size_t kMaxParameters = 2;

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

// The segments of a path, split at its slashes. A path that has more than any pattern has none.
class Segments {
 public:
  explicit Segments(std::string_view path) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    for (;;) {
      const std::size_t slash = path.find('/');
      if (count_ == kMaxSegments) {
        count_ = 0;
        return;
      }
      segments_[count_++] = path.substr(0, slash);
      if (slash == std::string_view::npos) return;
      path.remove_prefix(slash + 1);
    }
  }
  std::span<const std::string_view> span() const { return {segments_.data(), count_}; }

 private:
  std::array<std::string_view, kMaxSegments> segments_;
  std::size_t count_ = 0;
};

bool matches(std::span<const std::string_view> pattern, std::span<const std::string_view> path) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool last = i + 1 == path.size();
    const bool same = is_parameter(pattern[i]) ? !(last && path[i].empty()) : pattern[i] == path[i];
    if (!same) return false;
  }
  return true;
}

// The segments of `path` where `pattern` has its parameters.
std::array<std::string_view, kMaxParameters> parameters(std::span<const std::string_view> pattern,
                                                        std::span<const std::string_view> path) {
  std::array<std::string_view, kMaxParameters> found;
  std::size_t count = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (is_parameter(pattern[i])) found[count++] = path[i];
  return found;
}

bool more_literal(std::span<const std::string_view> a, std::span<const std::string_view> b) {
  return std::ranges::lexicographical_compare(a, b, {}, is_parameter, is_parameter);
}

}  // namespace

const Handler* Router::Route::handler_of(Method method) const {
  const auto of = [this](Method wanted) -> const Handler* {
    const auto found = std::ranges::find(handlers, wanted, &std::pair<Method, Handler>::first);
    return found == handlers.end() ? nullptr : &found->second;
  };
  const Handler* handler = of(method);
  return handler == nullptr && method == Method::kHead ? of(Method::kGet) : handler;
}

void Router::add(Method method, std::string_view pattern, Handler handler) {
  route_of(pattern).handlers.emplace_back(method, std::move(handler));
}

void Router::set_not_found(Handler handler) {
  not_found_ = std::move(handler);
}

Router::Route& Router::route_of(std::string_view pattern) {
  const auto known = std::ranges::find(routes_, pattern, &Route::pattern);
  if (known != routes_.end()) return *known;
  const Segments segments(pattern);
  Route route{pattern, {segments.span().begin(), segments.span().end()}, {}};
  THROTTLE_CHECK(pattern.starts_with('/') && !route.segments.empty());
  THROTTLE_CHECK(std::ranges::count_if(route.segments, is_parameter) <= int{kMaxParameters});
  const auto place =
      std::ranges::upper_bound(routes_, route.segments, more_literal, &Route::segments);
  return *routes_.insert(place, std::move(route));
}

Router::Dispatch Router::dispatch(const Request& request, ExchangeId exchange,
                                  TimePoint now) const {
  const Segments path(request.path);
  bool known = false;
  for (const Route& route : routes_) {
    if (!matches(route.segments, path.span())) continue;
    known = true;
    const Handler* handler = route.handler_of(request.method);
    if (handler == nullptr) continue;
    const auto [first, second] = parameters(route.segments, path.span());
    return {(*handler)(Call{request, first, second, exchange, now}), route.pattern};
  }
  if (known) return refuse_method(path.span());
  if (not_found_) return {not_found_(Call{request, {}, {}, exchange, now}), {}};
  return {Response{.status = 404, .body = "Not found"}, {}};
}

Router::Dispatch Router::refuse_method(std::span<const std::string_view> segments) const {
  using enum Method;
  std::string_view pattern;
  std::string allow;
  for (const Method method : {kGet, kHead, kPost, kPut, kDelete}) {
    const auto serves = [method, segments](const Route& route) {
      return matches(route.segments, segments) && route.handler_of(method) != nullptr;
    };
    const auto route = std::ranges::find_if(routes_, serves);
    if (route == routes_.end()) continue;
    if (pattern.empty()) pattern = route->pattern;
    if (!allow.empty()) allow += ',';
    allow += to_string(method);
  }
  Response response{.status = 405};
  response.headers.emplace_back("Allow", std::move(allow));
  return {std::move(response), pattern};
}

}  // namespace throttle::http
