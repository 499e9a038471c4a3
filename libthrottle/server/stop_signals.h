// Which signals mean what on this platform.
// Threads: any.
#pragma once

#include <span>

namespace throttle::server {

// Ask the process to stop: SIGINT (Ctrl+C) and SIGTERM; on Windows also Ctrl+Break and the closing
// of the console.
std::span<const int> stop_signals();
// Ask it to read its configuration again: SIGHUP; none on Windows.
std::span<const int> reload_signals();

}  // namespace throttle::server
