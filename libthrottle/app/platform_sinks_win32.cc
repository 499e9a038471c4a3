// Windows has no syslog. The Event Log belongs to a service, which adds that sink itself.
#include "libthrottle/app/platform_sinks.h"

namespace throttle::app {

PlatformSinks make_platform_sinks(const telemetry::Settings& settings) {
  PlatformSinks made;
  if (settings.syslog) {
    made.warnings.emplace_back(
        "logging.syslog is ignored: Windows has no syslog; use logging.file or, for a service, "
        "logging.eventlog");
  }
  return made;
}

bool stderr_is_journal() {
  return false;
}

}  // namespace throttle::app
