// What a process does at an instant, as one line for people shows it.
// Threads: values only.
#pragma once

#include <cstddef>

#include "libthrottle/core/time.h"

namespace throttle::app {

struct Activity {
  std::size_t holding = 0;  // of all semaphores
  std::size_t waiting = 0;  // requests and connections
  Duration longest_wait{};  // of those that wait now
  bool paused = false;      // by request, as a whole
};

}  // namespace throttle::app
