// The logger: gives every record to those outlets whose filter lets it through.
//
// main makes one and hands its targets down; there is no global logger.
// Threads: one, and its sinks and Logs belong to the same one (the loop's). What another thread has
// to say it hands to that one.
#pragma once

#include <memory>
#include <vector>

#include "libthrottle/telemetry/log.h"
#include "libthrottle/telemetry/log_filter.h"
#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

class Logger {
 public:
  struct Outlet {
    LogFilter filter;
    std::unique_ptr<Sink> sink;
    bool announces = false;  // receives what is announced whatever its filter says
  };
  using Clock = WallTime (*)();

  // The clock stamps the records; by default the machine's.
  explicit Logger(
      std::vector<Outlet> outlets, Clock clock = [] { return std::chrono::system_clock::now(); });
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // A handle for `name` (static text without blanks); the logger outlives it.
  Log target(std::string_view name) const;

  const std::vector<Outlet>& outlets() const { return outlets_; }

 private:
  friend class Log;
  WallTime now() const { return clock_(); }
  void write(const Record& record) const noexcept;
  void announce(const Record& record) const noexcept;

  std::vector<Outlet> outlets_;
  Clock clock_;
};

}  // namespace throttle::telemetry
