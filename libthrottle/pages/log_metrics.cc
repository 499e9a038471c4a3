// The family of lost log lines.
#include "libthrottle/pages/log_metrics.h"

namespace throttle::pages {

void write_log(const telemetry::Logger& logger, telemetry::Exposition& page) {
  auto& lost =
      page.counter("throttle_log_lines_lost_total", "Log lines that were lost, by outlet.");
  for (const telemetry::Logger::Outlet& outlet : logger.outlets())
    lost.add({{"sink", outlet.sink->name()}}, outlet.sink->lost());
}

}  // namespace throttle::pages
