// Whether this machine has the addresses that a process is going to listen on. The network may come
// up later than the process.
// Threads: the loop's.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "libthrottle/core/address.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::app {

// The first of the places of whose addresses this machine has none now; asks the system by
// listening for an instant at a port that it chooses. A host that could not be looked up
// (Loop::hosts()) is left for the listener, which reports it.
std::optional<std::string> missing_address(uv::Loop& loop, std::span<const HostPort> places);

}  // namespace throttle::app
