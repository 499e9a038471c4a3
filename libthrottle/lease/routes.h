// The routes of both client generations; private to lease.
//
// A handler reads path, query and body, in this order (the first fault is answered), asks the
// ledger once, and words its decision. Threads: the ledger's.
#pragma once

#include <span>
#include <string_view>

#include "libthrottle/http/router.h"
#include "libthrottle/lease/answers.h"
#include "libthrottle/lease/json_body.h"
#include "libthrottle/lease/lease_door.h"

namespace throttle::lease {

struct Route {
  http::Method method;
  std::string_view pattern;
  Reply (*handler)(LeaseDoor::State& door, const http::Call& call);
};

// What clients ask from 0.2.0 on. PUT /peers/{id} serves both generations.
std::span<const Route> current_routes();
// What clients of 0.1.x ask beyond that, and /remove_expired, which some asked up to 0.4.8.
std::span<const Route> first_routes();

// PUT /peers/{id} of the first generation: a heartbeat that says what the peer holds.
struct ActiveHeartbeat {
  PeerId peer = 0;
  Duration time_to_live{};
  const LockCounts& active;
};
Reply keep_active(LeaseDoor::State& door, const http::Call& call, const ActiveHeartbeat& heartbeat);

}  // namespace throttle::lease
