// The units in which people and existing clients write durations, and what one of each is worth.
//
// Spellings and worths are those of the reference parser (duration.h): a month has 30.44 days, a
// year 365.25. Only duration.cc needs this. Threads: constants and a pure function.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace throttle::duration_units {

inline constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::uint64_t kMinute = 60;
inline constexpr std::uint64_t kHour = 60 * kMinute;
inline constexpr std::uint64_t kDay = 24 * kHour;
inline constexpr std::uint64_t kMonth = 2'630'016;  // 30.44 days
inline constexpr std::uint64_t kYear = 31'557'600;  // 365.25 days

// What one of a unit is worth. Its whole part is counted in one grain and its fraction in another:
// hours and above have no fractions of a second, and a nanosecond has no fraction at all.
enum class Grain : std::uint8_t { kNone, kNanosecond, kSecond };
struct Worth {
  std::uint64_t factor = 0;
  Grain grain = Grain::kNone;
};
struct Unit {
  std::string_view spelling;
  Worth whole;
  Worth fraction;
};

constexpr Unit nanos(std::string_view spelling, std::uint64_t factor) {
  const Worth worth{factor, Grain::kNanosecond};
  return {spelling, worth, factor == 1 ? Worth{} : worth};
}
constexpr Unit seconds(std::string_view spelling, std::uint64_t factor) {
  const Worth fraction = factor < kHour ? Worth{factor * kNanosPerSecond, Grain::kNanosecond}
                                        : Worth{factor, Grain::kSecond};
  return {spelling, {factor, Grain::kSecond}, fraction};
}

inline constexpr std::array kUnits = {nanos("ms", 1'000'000),
                                      seconds("s", 1),
                                      seconds("min", kMinute),
                                      seconds("m", kMinute),
                                      seconds("h", kHour),
                                      seconds("day", kDay),
                                      seconds("days", kDay),
                                      seconds("d", kDay),
                                      seconds("sec", 1),
                                      seconds("secs", 1),
                                      seconds("second", 1),
                                      seconds("seconds", 1),
                                      seconds("mins", kMinute),
                                      seconds("minute", kMinute),
                                      seconds("minutes", kMinute),
                                      seconds("hr", kHour),
                                      seconds("hrs", kHour),
                                      seconds("hour", kHour),
                                      seconds("hours", kHour),
                                      seconds("w", 7 * kDay),
                                      seconds("wk", 7 * kDay),
                                      seconds("wks", 7 * kDay),
                                      seconds("week", 7 * kDay),
                                      seconds("weeks", 7 * kDay),
                                      seconds("M", kMonth),
                                      seconds("month", kMonth),
                                      seconds("months", kMonth),
                                      seconds("y", kYear),
                                      seconds("yr", kYear),
                                      seconds("yrs", kYear),
                                      seconds("year", kYear),
                                      seconds("years", kYear),
                                      nanos("msec", 1'000'000),
                                      nanos("millis", 1'000'000),
                                      nanos("us", 1'000),
                                      nanos("usec", 1'000),
                                      nanos("\u00B5s", 1'000),
                                      nanos("ns", 1),
                                      nanos("nsec", 1),
                                      nanos("nanos", 1)};

inline constexpr std::string_view kUnitHint =
    " (units: ns, us, ms, s, min, h, days, weeks, months, years)";

// Null if there is none.
inline const Unit* find_unit(std::string_view spelling) {
  for (const Unit& unit : kUnits) {
    if (unit.spelling == spelling) return &unit;
  }
  return nullptr;
}

}  // namespace throttle::duration_units
