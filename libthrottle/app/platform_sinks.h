// The sinks of the log that only some systems have. platform_sinks_posix.cc,
// platform_sinks_win32.cc. Threads: the loop's.
#pragma once

#include <string>
#include <vector>

#include "libthrottle/telemetry/logger.h"
#include "libthrottle/telemetry/settings.h"

namespace throttle::app {

struct PlatformSinks {
  std::vector<telemetry::Logger::Outlet> outlets;
  std::vector<std::string> warnings;  // about settings that mean nothing on this system
};

PlatformSinks make_platform_sinks(const telemetry::Settings& settings);

// Whether stderr leads to the journal of systemd.
bool stderr_is_journal();

}  // namespace throttle::app
