// Requests that a browser makes for a page of another site. The server knows no passwords, and a
// browser on its machine reaches a loopback address, so such a request could take leases.
//
// - A page may be served under a name that leads to 127.0.0.1 afterwards (DNS rebinding). So a
//   server on a loopback address answers only to names of loopback: localhost, 127.0.0.0/8, [::1],
//   and the names that its settings add.
// - A page may send requests to any server without reading the answers. So a foreign Origin, or a
//   cross-site Sec-Fetch-Site, may only GET, which changes nothing.
//
// Clients that are no browsers send neither header. Threads: pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "libthrottle/http/message.h"

namespace throttle::http {

struct OwnNames {
  bool on_loopback = false;              // the client connected to a loopback address
  std::span<const std::string> further;  // names of [http] hosts, without ports
};

// The 403 for a request that a stranger makes; nothing for all others.
std::optional<Response> refuse_stranger(const Request& request, const OwnNames& names);

}  // namespace throttle::http
