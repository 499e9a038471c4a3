// A log line that clients can provoke: the first one is written as it is, those that follow within
// the interval are only counted, and then one line says how many they were.
// Threads: one, the logger's.
#pragma once

#include <cstdint>
#include <string_view>

#include "libthrottle/core/time.h"
#include "libthrottle/telemetry/log.h"

namespace throttle::telemetry {

class LimitedLine {
 public:
  // `message` is static text.
  LimitedLine(Log log, Level level, std::string_view message, Duration interval)
      : log_(log), level_(level), message_(message), interval_(interval) {}

  void write(TimePoint now, Fields fields) noexcept;
  // Writes the summary if it is due: `message suppressed=N`.
  void advance(TimePoint now) noexcept;
  // When advance() next has something to say; kNever if nothing was suppressed.
  TimePoint next_deadline() const;

 private:
  Log log_;
  Level level_;
  std::string_view message_;
  Duration interval_;
  TimePoint quiet_until_ = TimePoint::min();
  std::uint64_t suppressed_ = 0;
};

}  // namespace throttle::telemetry
