// Distributes a record to the outlets whose filter admits it.
#include "libthrottle/telemetry/logger.h"

#include <algorithm>
#include <utility>

#include "libthrottle/telemetry/log_text.h"

namespace throttle::telemetry {

Logger::Logger(std::vector<Outlet> outlets, Clock clock)
    : outlets_(std::move(outlets)), clock_(clock) {}

Log Logger::target(std::string_view name) const {
  Level threshold = Level::kOff;
  for (const Outlet& outlet : outlets_)
    threshold = std::max(threshold, outlet.filter.threshold(name));
  return {*this, name, threshold};
}

void Logger::write(const Record& record) const noexcept {
  for (const Outlet& outlet : outlets_) {
    if (record.level > outlet.filter.threshold(record.target)) continue;
    if (outlet.filter.has_expression() && !outlet.filter.passes(to_text(record))) continue;
    outlet.sink->accept(record);
  }
}

}  // namespace throttle::telemetry
