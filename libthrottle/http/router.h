// Finds the handler of a request by method and path: 404, 405 and OPTIONS are answered here.
//
// Patterns are literal segments and {parameters}: "/peers/{id}/{semaphore}". A parameter matches
// one whole segment as it was sent (percent-encoded), also an empty segment, except the empty last
// one that a trailing slash makes: that is a different path. Duplicate slashes at the front of a
// path count as one. If several patterns match, those with the earlier literal are tried first, and
// the first one that has the method is used; so "/peers/{id}/is_acquired" may have a GET while its
// PUT goes to "/peers/{id}/{semaphore}". GET's handler also serves HEAD (the server leaves the body
// out).
// Cost: no allocation, and a comparison with each pattern of as many segments. Threads: one;
// handlers are called from dispatch().
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/time.h"
#include "libthrottle/http/message.h"

namespace throttle::http {

// What a handler receives. Its views live until the handler returns.
struct Call {
  const Request& request;
  std::string_view first;  // the first and second {parameter}, percent-encoded; empty if none
  std::string_view second;
  ExchangeId exchange;  // for an answer that comes later
  TimePoint now;
};

// The response, or nothing if it comes later (the server's respond()).
using Handler = std::function<std::optional<Response>(const Call&)>;

class Router {
 public:
  // `pattern` is static text that begins with a slash, and names the route in metrics. At most two
  // {parameters} and eight segments.
  void add(Method method, std::string_view pattern, Handler handler);
  // The handler of unknown paths; without one they get a plain 404.
  void set_not_found(Handler handler);

  struct Dispatch {
    std::optional<Response> response;
    std::string_view route;  // the pattern; empty for an unknown path
  };
  // Calls the handler. Unknown path: 404. Known path, other method: 405 with Allow, or for OPTIONS
  // 204 with Allow, as for the path "*", which means the whole server.
  Dispatch dispatch(const Request& request, ExchangeId exchange, TimePoint now) const;

  // Each pattern with its methods, in the order of the patterns: "GET,HEAD" and "/peers/".
  struct Served {
    std::string methods;
    std::string_view pattern;
  };
  std::vector<Served> served() const;

 private:
  struct Route {
    std::string_view pattern;
    std::vector<std::string_view> segments;
    std::vector<std::pair<Method, Handler>> handlers;

    const Handler* handler_of(Method method) const;
  };
  Route& route_of(std::string_view pattern);
  struct Allowed {
    std::string methods;       // "PUT,DELETE"
    std::string_view pattern;  // the first one that has any of them
  };
  // Of all patterns that match.
  Allowed allowed(std::span<const std::string_view> segments) const;
  static Dispatch answer_options(Allowed allowed);
  static Dispatch refuse_method(const Request& request, Allowed allowed);

  std::vector<Route> routes_;  // those with the earlier literal first
  Handler not_found_;
};

}  // namespace throttle::http
