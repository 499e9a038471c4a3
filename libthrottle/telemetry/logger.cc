// Distributes a record to the outlets whose filter admits it.
#include "libthrottle/telemetry/logger.h"

#include <algorithm>
#include <utility>

#include "libthrottle/telemetry/log_text.h"

namespace throttle::telemetry {
namespace {

bool admits(const LogFilter& filter, const Record& record) {
  if (record.level > filter.threshold(record.target)) return false;
  return !filter.has_expression() || filter.passes(to_text(record));
}

}  // namespace

Logger::Logger(std::vector<Outlet> outlets, Clock clock)
    : outlets_(std::move(outlets)), clock_(clock) {}

Log Logger::target(std::string_view name) const {
  Level threshold = Level::kOff;
  for (const Outlet& outlet : outlets_)
    threshold = std::max(threshold, outlet.filter.threshold(name));
  return {*this, name, threshold};
}

void Logger::write(const Record& record) const noexcept {
  for (const Outlet& outlet : outlets_)
    if (admits(outlet.filter, record)) outlet.sink->accept(record);
}

void Logger::announce(const Record& record) const noexcept {
  for (const Outlet& outlet : outlets_)
    if (outlet.announces || admits(outlet.filter, record)) outlet.sink->accept(record);
}

}  // namespace throttle::telemetry
