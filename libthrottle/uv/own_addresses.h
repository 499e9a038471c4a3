// Whether an address leads to this machine. Threads: any.
#pragma once

#include "libthrottle/core/address.h"

namespace throttle::uv {

// A loopback address, the unspecified one (to which systems connect as to a loopback address), or
// one that an interface of this machine has now. Asks the system each time. False if the system
// does not answer.
bool leads_here(const IpAddress& address);

}  // namespace throttle::uv
