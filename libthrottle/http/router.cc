// Splits a path into segments and compares them with each pattern in turn. The patterns are few
// (some twenty) and sorted so that the first match is the right one; a tree would not be faster.
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

constexpr std::array kServed = {Method::kGet, Method::kHead, Method::kPost, Method::kPut,
                                Method::kDelete};

void append_method(std::string& list, Method method) {
  if (!list.empty()) list += ',';
  list += to_string(method);
}

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
    if (is_parameter(pattern[i])) {
      THROTTLE_CHECK(count < kMaxParameters && i < path.size());
      found[count++] = path[i];
    }
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
  THROTTLE_CHECK(handler != nullptr);
  THROTTLE_CHECK(std::ranges::find(kServed, method) != kServed.end());
  Route& route = route_of(pattern);
  THROTTLE_CHECK(std::ranges::find(route.handlers, method, &std::pair<Method, Handler>::first) ==
                 route.handlers.end());
  route.handlers.emplace_back(method, std::move(handler));
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
  const bool options = request.method == Method::kOptions;
  if (options && request.path == "*") return answer_options({"GET,HEAD,POST,PUT,DELETE", "*"});
  if (known && options) return answer_options(allowed(path.span()));
  if (known) return refuse_method(request, allowed(path.span()));
  if (not_found_) return {not_found_(Call{request, {}, {}, exchange, now}), {}};
  return {Response{.status = 404, .body = "Not found\n"}, {}};
}

Router::Allowed Router::allowed(std::span<const std::string_view> segments) const {
  Allowed found;
  for (const Method method : kServed) {
    const auto serves = [method, segments](const Route& route) {
      return matches(route.segments, segments) && route.handler_of(method) != nullptr;
    };
    const auto route = std::ranges::find_if(routes_, serves);
    if (route == routes_.end()) continue;
    if (found.pattern.empty()) found.pattern = route->pattern;
    append_method(found.methods, method);
  }
  return found;
}

Router::Dispatch Router::answer_options(Allowed allowed) {
  Response response{.status = 204};
  response.headers.emplace_back("Allow", std::move(allowed.methods) + ",OPTIONS");
  return {std::move(response), allowed.pattern};
}

Router::Dispatch Router::refuse_method(const Request& request, Allowed allowed) {
  THROTTLE_CHECK(!allowed.methods.empty());
  Response response{.status = 405};
  response.body.append(to_string(request.method)).append(" does nothing here: send ");
  response.body.append(allowed.methods).append(" to ").append(allowed.pattern).append(".\n");
  response.headers.emplace_back("Allow", std::move(allowed.methods));
  return {std::move(response), allowed.pattern};
}

std::vector<Router::Served> Router::served() const {
  std::vector<Served> all;
  for (const Route& route : routes_) {
    Served& served = all.emplace_back(Served{{}, route.pattern});
    for (const Method method : kServed)
      if (route.handler_of(method) != nullptr) append_method(served.methods, method);
  }
  std::ranges::sort(all, {}, &Served::pattern);
  return all;
}

}  // namespace throttle::http
