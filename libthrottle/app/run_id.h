// Names a life of a process, in its journal and in its stream of events. Threads: any.
#pragma once

#include <cstdint>

namespace throttle::app {

// Another one at each call: 53 bits of the system's randomness.
std::uint64_t new_run_id();

}  // namespace throttle::app
