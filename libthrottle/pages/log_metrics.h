// The log in numbers, for the metrics page. Threads: the logger's.
#pragma once

#include "libthrottle/telemetry/exposition.h"
#include "libthrottle/telemetry/logger.h"

namespace throttle::pages {

// How many lines each outlet lost.
void write_log(const telemetry::Logger& logger, telemetry::Exposition& page);

}  // namespace throttle::pages
