// Listeners that cannot be in one process, because they want the same port of the same address, or
// because connections would go round in circles.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>

#include "libthrottle/core/address.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::config {

// Which proxy listens at `where`, or on all addresses including it: "the proxy "office" already
// listens on 0.0.0.0:9000". Empty if none does, as far as is known without asking the system: host
// names other than localhost only equal themselves. Port 0 is always a free one.
std::string who_listens_at(const HostPort& where, std::span<const proxy::Settings> proxies);

// The same of a proxy that wants one place twice: "it already listens on 0.0.0.0:9000". Empty if
// it does not.
std::string clash_within(const proxy::Settings& proxy);

// The loop that the last of the proxies closes: its connections would come back to it over the
// upstreams of the others, or over its own. "the connections would come back: "a" to "b" to "a"".
// Empty if there is none, as far as is known without asking the system: an upstream counts as a
// proxy of this process if it names this machine, or the address that the proxy listens on.
std::string loop_closed_by_last(std::span<const proxy::Settings> proxies);

// The way from one proxy to another one of the same semaphore, if the last of them is on it: every
// connection over both needs two places of the semaphore, and one may wait for ever for a place
// that it has itself. "its connections take two places of the semaphore "S": "a" to "b"". Empty if
// there is none, as far as loop_closed_by_last() knows the ways.
std::string chain_with_last(std::span<const proxy::Settings> proxies);

}  // namespace throttle::config
