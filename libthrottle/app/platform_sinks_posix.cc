// Syslog, and the journal of systemd at the other end of stderr.
#include <cstdlib>
#include <memory>
#include <unistd.h>

#include "libthrottle/app/platform_sinks.h"
#include "libthrottle/telemetry/journal_stream.h"
#include "libthrottle/telemetry/syslog_sink.h"

namespace throttle::app {

PlatformSinks make_platform_sinks(const telemetry::Settings& settings) {
  PlatformSinks made;
  if (settings.syslog) {
    made.outlets.push_back(
        {telemetry::LogFilter(settings.syslog->level),
         std::make_unique<telemetry::SyslogSink>(telemetry::SyslogSink::Options{})});
  }
  if (settings.event_log)
    made.warnings.emplace_back("logging.eventlog is for a service of Windows; it is ignored here");
  return made;
}

bool stderr_is_journal() {
  return telemetry::is_journal_stream(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
}

}  // namespace throttle::app
