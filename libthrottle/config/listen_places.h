// Two that cannot listen in one process, since they want one port of one address.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>

#include "libthrottle/core/address.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::config {

// Who of the proxies listens where `where` is, or on all addresses with it: "the proxy "office"
// listens on 0.0.0.0:9000 already". Empty if nobody does, as far as that can be told without the
// system: names of hosts but localhost stand for themselves. Port 0 is always a free one.
std::string who_listens_at(const HostPort& where, std::span<const proxy::Settings> proxies);

}  // namespace throttle::config
