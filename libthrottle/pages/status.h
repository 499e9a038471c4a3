// The fixed pages: index, version, icon and the answer to unknown paths as routes; health and
// readiness.
// Threads: the loop's.
#pragma once

#include <string>
#include <string_view>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/message.h"
#include "libthrottle/http/router.h"

namespace throttle::pages {

// GET / of a lease server: a greeting and the routes as text, or the semaphores as HTML. `ledger`
// outlives the router's use.
void add_welcome(http::Router& router, const LeaseLedger& ledger, std::string_view version);
// GET / of a process that only shows its status: the routes, a line each.
void add_route_list(http::Router& router);
// /version, the icon, and the answer to unknown paths. `version` is static text.
void add_status(http::Router& router, std::string_view version);

// Whether the process grants what clients ask for, or why it does not.
struct Readiness {
  bool stopping = false;
  bool paused = false;
  Duration grace_left{};     // of startup_grace
  std::string trouble = {};  // of a service behind it
};
// The answer of /health: 200, or 503 while it is stopping.
http::Response health_page(const Readiness& readiness);
// The answer of /ready: 200, or 503 with the reason and Retry-After.
http::Response ready_page(const Readiness& readiness);

}  // namespace throttle::pages
