// Which signals mean what on this platform.
// Threads: any.
#pragma once

#include <span>

#include "libthrottle/core/time.h"

namespace throttle::app {

struct StopSignal {
  int number;
  const char* name;  // for people and the log; static
  // How long the system lets the process live from then on.
  Duration at_most = kForever;
};

// Stop: SIGINT (Ctrl+C) and SIGTERM; on Windows also Ctrl+Break and the closing of the console.
std::span<const StopSignal> stop_signals();
// Read the configuration again: SIGHUP; none on Windows.
std::span<const int> reload_signals();
// Pause and resume: SIGUSR1 and SIGUSR2; none on Windows.
std::span<const int> pause_signals();
std::span<const int> resume_signals();

}  // namespace throttle::app
