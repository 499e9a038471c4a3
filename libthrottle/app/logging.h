// The logger that the settings ask for.
// Threads: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/telemetry/logger.h"
#include "libthrottle/telemetry/settings.h"

namespace throttle::telemetry {
class FileSink;
}
namespace throttle::uv {
class Loop;
}

namespace throttle::app {

// Sinks that the room does not know, such as the Event Log of a service.
using MoreOutlets =
    std::function<std::vector<telemetry::Logger::Outlet>(const telemetry::Settings& settings)>;

struct MadeLogger {
  std::unique_ptr<telemetry::Logger> logger;  // the first outlet is the terminal
  telemetry::FileSink* file = nullptr;        // the logger's; null if there is no file
  std::vector<std::string> warnings;          // about the filter and the settings, for people
};

// `filter` is the value of THROTTLE_LOG, which wins over the level of the terminal; null if unset.
// Error kUnavailable: the file of the log cannot be written.
Result<MadeLogger> make_logger(uv::Loop& loop, const telemetry::Settings& settings,
                               const char* filter, const MoreOutlets& more = nullptr);

}  // namespace throttle::app
