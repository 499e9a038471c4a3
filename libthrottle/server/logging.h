// The logger that the settings ask for.
// Threads: the loop's.
#pragma once

#include <memory>
#include <string>

#include "libthrottle/config/settings.h"
#include "libthrottle/telemetry/logger.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::server {

struct MadeLogger {
  std::unique_ptr<telemetry::Logger> logger;
  std::string warning;  // about the filter, for people; empty if all of it made sense
};

// `filter` is the value of THROTTLE_LOG, which wins over the level of the terminal; null if unset.
MadeLogger make_logger(uv::Loop& loop, const config::LoggingSettings& settings, const char* filter);

}  // namespace throttle::server
