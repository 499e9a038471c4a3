// Times and lengths of time: as people write them on a command line, and as they are shown.
//
// Times are µs since 1970, UTC; lengths are µs. Dates and times of a day are those of the place
// unless UTC is asked for. Threads: pure functions, and the calendar of the place.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle::inspect {

enum class Zone : std::uint8_t { kLocal, kUtc };

// A place in a journal.
struct Moment {
  enum class Is : std::uint8_t { kTime, kRun, kSeq };
  Is is = Is::kTime;
  std::int64_t value = 0;  // µs, the number of a run, or of an event
};

// "2026-11-24T14:00[:05[.25]][Z]", "2026-11-24", "14:00" (the last one), "now", "today",
// "yesterday", "tuesday" (the last one), "2h ago", "run:3", "seq:91022". Error kInvalidArgument.
Result<Moment> parse_moment(std::string_view text, std::int64_t now_us, Zone zone);

std::tm calendar_of(std::int64_t time_us, Zone zone);
// The inverse; the calendar may be out of range, as the 32nd of a month.
std::int64_t time_of(std::tm calendar, Zone zone);

// "2026-11-24 14:00:05", with three digits more for `Digits::kMilliseconds`.
enum class Digits : std::uint8_t { kSeconds, kMilliseconds };
std::string format_time(std::int64_t time_us, Zone zone, Digits digits = Digits::kSeconds);
// "2026-11-24T14:00:05.250Z".
std::string format_iso(std::int64_t time_us);
// "14:00:05".
std::string format_clock(std::int64_t time_us, Zone zone);

// "412ms", "12s", "2m 14s", "3h 02m", "4d 07h"; with a sign where it is below zero.
std::string format_span(std::int64_t span_us);

}  // namespace throttle::inspect
