// The client behind load balancers, as their headers name it: Forwarded (RFC 7239) or
// X-Forwarded-For.
//
// Each balancer appends the address that it was connected from, so only what trusted balancers
// appended can be believed. The list is read from its right end, and the first address that is not
// trusted is the client. All left of it may be invented. A balancer that writes one of the headers
// passes on the other one as a client sent it; so if both are there and name different clients,
// neither counts. Threads: pure functions.
#pragma once

#include <span>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/http/message.h"

namespace throttle::http {

struct RealClient {
  SocketAddress address = {};  // port 0 if the header has none
  bool is_forwarded = false;   // it is another one than that of the connection
  bool is_malformed = false;   // a header is wrong from some place on, so its rest was ignored; or
                               // two headers disagree
};

// Of a request whose `client` is the other end of the connection. Without a header, and where a
// balancer hides the address ("unknown", "_hidden"), it is the nearest that is known.
RealClient real_client(const Request& request, std::span<const IpNetwork> trusted);

}  // namespace throttle::http
