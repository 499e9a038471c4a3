// Finds the handler of a request by method and path: 404 and 405 are answered here.
//
// Patterns are literal segments and {parameters}: "/peers/{id}/{semaphore}". A parameter matches
// one whole segment as it was sent (percent-encoded), also an empty one. Literals win over
// parameters. Duplicate slashes at the front of a path count as one. HEAD is served by GET's
// handler (the server leaves the body out). A trailing slash is a different path. Threads: one;
// handlers are called from dispatch().
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/time.h"
#include "libthrottle/http/message.h"

namespace throttle::http {

// What a handler is given. Views live until it returns.
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
  // `pattern` is static text and names the route in metrics. At most two {parameters}.
  void add(Method method, std::string_view pattern, Handler handler);
  // The page of unknown paths; without one they get a plain 404.
  void set_not_found(Handler handler);

  struct Dispatch {
    std::optional<Response> response;
    std::string_view route;  // the pattern; empty for an unknown path
  };
  // Calls the handler. Unknown path: 404. Known path, other method: 405 with Allow.
  Dispatch dispatch(const Request& request, ExchangeId exchange, TimePoint now) const;

 private:
  struct Route {
    std::string_view pattern;
    std::vector<std::string_view> segments;
    std::vector<std::pair<Method, Handler>> handlers;
  };
  std::vector<Route> routes_;
  Handler not_found_;
};

}  // namespace throttle::http
