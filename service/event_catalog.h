// The events that the service writes into the Windows Event Log: their numbers, what they consist
// of, and how many of them are written.
//
// The source's message file is Windows' own EventCreate.exe, whose events 1 to 1000 all have the
// text "%1": the first string is the line for people, each further one is `key=value`, for
// collectors. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libthrottle/core/time.h"
#include "libthrottle/telemetry/sink.h"

namespace throttle::service {

// Published numbers: monitoring matches them. Never change one.
enum class EventId : std::uint16_t {
  kStarting = 100,
  kReady = 101,
  kStopping = 102,
  kStopped = 103,
  kPaused = 104,
  kContinued = 105,
  kReloaded = 110,
  kWarning = 200,
  kSuppressed = 210,
  kError = 300,
  kWrongConfiguration = 310,
  kRefusedReload = 311,
  kCannotListen = 312,
  kCannotStart = 313,
  kHungStop = 320,
  kHungLoop = 321,
  kBrokenInvariant = 322,
};

enum class EventKind : std::uint8_t { kError, kWarning, kInformation };

EventKind kind_of(EventId id);
// The event of an ordinary log line; none for one that is less than a warning.
std::optional<EventId> event_of(telemetry::Level level);

// Longest first string: ReportEvent takes 31,839 characters of UTF-16.
inline constexpr std::size_t kEventTextBytes = 31'000;

// The strings of a record's event: the line, then each field. Shortened at the end of a character.
std::vector<std::string> event_strings(const telemetry::Record& record);

// Limits ordinary warnings and errors: a burst of 30, then one a second. Events of the service's
// life are never limited.
class EventLimit {
 public:
  static constexpr std::uint32_t kBurst = 30;
  static constexpr Duration kInterval = std::chrono::seconds(1);
  static constexpr Duration kSummaryInterval = std::chrono::minutes(1);

  // Whether the event is written. One that is not is counted.
  bool admit(EventId id, TimePoint now);
  // How many were suppressed since the last summary, if one is due: at most once a minute.
  std::optional<std::uint64_t> take_summary(TimePoint now);
  // When take_summary() next has something to report; kNever if nothing was suppressed.
  TimePoint next_deadline() const;
  std::uint64_t suppressed() const { return suppressed_; }

 private:
  std::optional<TimePoint> refilled_;
  std::uint32_t tokens_ = kBurst;
  std::uint64_t suppressed_ = 0;
  std::uint64_t reported_ = 0;
  TimePoint quiet_until_ = TimePoint::min();
};

}  // namespace throttle::service
