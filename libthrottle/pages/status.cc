// Answers the fixed pages; their content is welcome.cc's.
#include "libthrottle/pages/status.h"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "libthrottle/core/duration.h"
#include "libthrottle/pages/welcome.h"

namespace throttle::pages {

namespace {

using http::Call;
using http::Method;
using http::Response;

bool wants_html(const http::Request& request) {
  return request.accept.find("text/html") != std::string_view::npos;
}

// A line for each route; the methods in a column.
std::string route_list(const http::Router& router) {
  std::string list;
  for (const http::Router::Served& served : router.served())
    list += fmt::format("{:<10}  {}\n", served.methods, served.pattern);
  return list;
}

Response not_found(const Call& call) {
  if (wants_html(call.request))
    return {.status = 404, .content_type = http::kHtmlType, .body = not_found_page()};
  return {.status = 404, .body = "There is nothing at this path. GET / lists what there is.\n"};
}

Response not_ready(std::string why) {
  Response response{.status = 503, .body = "Not ready: " + std::move(why) + "\n"};
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

void add_welcome(http::Router& router, const LeaseLedger& ledger, std::string_view version) {
  router.add(Method::kGet, "/", [&router, &ledger, version](const Call& call) {
    if (!wants_html(call.request))
      return Response{.body = welcome_text(version, route_list(router))};
    return Response{.content_type = http::kHtmlType,
                    .body = welcome_page(version, ledger.semaphores(), route_list(router))};
  });
}

void add_route_list(http::Router& router) {
  router.add(Method::kGet, "/",
             [&router](const Call&) { return Response{.body = route_list(router)}; });
}

void add_status(http::Router& router, std::string_view version) {
  router.add(Method::kGet, "/version",
             [version](const Call&) { return Response{.body = std::string(version) + "\n"}; });
  const auto icon = [](const Call&) {
    return Response{.content_type = "image/x-icon", .body = favicon()};
  };
  router.add(Method::kGet, "/favicon.ico", icon);
  router.add(Method::kGet, "/favicon", icon);
  router.set_not_found(not_found);
}

http::Response health_page(const Readiness& readiness) {
  if (readiness.stopping) return not_ready("it is stopping and takes no new work.");
  return {.body = "Ok\n"};
}

http::Response ready_page(const Readiness& readiness) {
  if (readiness.stopping) return not_ready("it is stopping and takes no new work.");
  if (readiness.paused) return not_ready("it is paused; nothing is granted until it is resumed.");
  if (readiness.grace_left > Duration::zero()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(readiness.grace_left);
    return not_ready("nothing is granted for another " + format_duration(left) +
                     " (startup_grace).");
  }
  if (!readiness.trouble.empty()) return not_ready(readiness.trouble);
  return {.body = "Ready\n"};
}

}  // namespace throttle::pages
