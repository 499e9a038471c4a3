// Sinks and loggers for tests: what was logged is kept as text.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libthrottle/telemetry/log_text.h"
#include "libthrottle/telemetry/logger.h"

namespace throttle::telemetry {

// Appends "LEVEL target: text" to a list that outlives it.
class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(std::vector<std::string>& lines) : lines_(lines) {}

  void accept(const Record& record) noexcept override {
    lines_.push_back(std::string(to_string(record.level))
                         .append(" ")
                         .append(record.target)
                         .append(": ")
                         .append(to_text(record)));
    stamp = record.time;
  }
  std::string_view name() const override { return "recording"; }
  std::uint64_t lost() const noexcept override { return 0; }

  WallTime stamp;

 private:
  std::vector<std::string>& lines_;
};

// A logger with one outlet into `lines`.
inline Logger recording_logger(std::string_view filter, std::vector<std::string>& lines) {
  std::vector<Logger::Outlet> outlets;
  outlets.push_back({LogFilter::parse(filter).filter, std::make_unique<RecordingSink>(lines)});
  return Logger(std::move(outlets));
}

}  // namespace throttle::telemetry
