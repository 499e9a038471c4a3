// Reads and writes times. Years are those of the Gregorian calendar, from 1970 on.
#include "libthrottle/inspect/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/inspect/system.h"

namespace throttle::inspect {

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDaySeconds = 86'400;

std::int64_t floor_seconds(std::int64_t time_us) {
  return time_us >= 0 ? time_us / kSecond : -((-time_us + kSecond - 1) / kSecond);
}

template <typename... Values>
std::string print(const char* format, Values... values) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

bool take_number(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  const char* const end = text.data() + digits;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char letter) {
  if (!text.starts_with(letter)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text, std::tm& calendar) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) ||
      !take(text, '-') || !take_number(text, 2, day))
    return false;
  const auto date = std::chrono::year(year) / month / day;
  if (!date.ok() || year < 1970) return false;
  calendar.tm_year = year - 1900;
  calendar.tm_mon = month - 1;
  calendar.tm_mday = day;
  return true;
}

// "14:00", "14:00:05" or "14:00:05.25"; the fraction goes to `fraction_us`.
bool take_clock(std::string_view& text, std::tm& calendar, std::int64_t& fraction_us) {
  if (!take_number(text, 2, calendar.tm_hour) || !take(text, ':') ||
      !take_number(text, 2, calendar.tm_min))
    return false;
  if (take(text, ':')) {
    if (!take_number(text, 2, calendar.tm_sec)) return false;
    if (take(text, '.')) {
      const std::size_t digits = std::min<std::size_t>(text.find_first_not_of("0123456789"), 6);
      const std::string_view given = text.substr(0, digits);
      if (given.empty()) return false;
      std::string fraction(given);
      fraction.resize(6, '0');
      std::from_chars(fraction.data(), fraction.data() + fraction.size(), fraction_us);
      text.remove_prefix(given.size());
    }
  }
  return calendar.tm_hour < 24 && calendar.tm_min < 60 && calendar.tm_sec < 60;
}

std::optional<std::int64_t> parse_iso(std::string_view text, Zone zone) {
  std::tm calendar{};
  std::int64_t fraction_us = 0;
  if (!take_date(text, calendar)) return std::nullopt;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    if (!take_clock(text, calendar, fraction_us)) return std::nullopt;
    if (take(text, 'Z')) zone = Zone::kUtc;
  }
  if (!text.empty()) return std::nullopt;
  return time_of(calendar, zone) + fraction_us;
}

std::tm midnight(std::int64_t now_us, Zone zone) {
  std::tm calendar = calendar_of(now_us, zone);
  calendar.tm_hour = calendar.tm_min = calendar.tm_sec = 0;
  return calendar;
}

std::int64_t days_before(std::int64_t now_us, Zone zone, int days) {
  std::tm calendar = midnight(now_us, zone);
  calendar.tm_mday -= days;
  return time_of(calendar, zone);
}

// "14:00": today's, or yesterday's if that is still to come.
std::optional<std::int64_t> parse_clock(std::string_view text, std::int64_t now_us, Zone zone) {
  std::tm calendar = midnight(now_us, zone);
  std::int64_t fraction_us = 0;
  if (!take_clock(text, calendar, fraction_us) || !text.empty()) return std::nullopt;
  const std::int64_t today = time_of(calendar, zone) + fraction_us;
  if (today <= now_us) return today;
  calendar.tm_mday -= 1;
  return time_of(calendar, zone) + fraction_us;
}

std::optional<std::int64_t> parse_word(std::string_view text, std::int64_t now_us, Zone zone) {
  if (text == "now") return now_us;
  if (text == "today") return days_before(now_us, zone, 0);
  if (text == "yesterday") return days_before(now_us, zone, 1);
  constexpr std::array<std::string_view, 7> kDays{"sunday",   "monday", "tuesday", "wednesday",
                                                  "thursday", "friday", "saturday"};
  for (int day = 0; day < 7; ++day) {
    if (!equals_ignoring_case(text, kDays[static_cast<std::size_t>(day)])) continue;
    const int today = calendar_of(now_us, zone).tm_wday;
    const int back = (today - day + 7) % 7;
    return days_before(now_us, zone, back == 0 ? 7 : back);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_ago(std::string_view text, std::int64_t now_us) {
  constexpr std::string_view kAgo = "ago";
  if (!text.ends_with(kAgo)) return std::nullopt;
  const auto length = parse_duration(text.substr(0, text.size() - kAgo.size()));
  if (!length) return std::nullopt;
  return now_us - std::chrono::duration_cast<std::chrono::microseconds>(*length).count();
}

std::optional<std::int64_t> parse_prefixed(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Result<Moment> parse_moment(std::string_view text, std::int64_t now_us, Zone zone) {
  if (const auto run = parse_prefixed(text, "run:")) return Moment{Moment::Is::kRun, *run};
  if (const auto seq = parse_prefixed(text, "seq:")) return Moment{Moment::Is::kSeq, *seq};
  for (const auto& time : {parse_word(text, now_us, zone), parse_ago(text, now_us),
                           parse_iso(text, zone), parse_clock(text, now_us, zone)}) {
    if (time) return Moment{Moment::Is::kTime, *time};
  }
  return fail(ErrorCode::kInvalidArgument,
              quote(text) +
                  " is no time. Write 2026-11-24T14:00, 2026-11-24, 14:00, now, today, "
                  "yesterday, tuesday, \"2h ago\", run:3 or seq:91022.");
}

std::tm calendar_of(std::int64_t time_us, Zone zone) {
  const std::int64_t seconds = floor_seconds(time_us);
  if (zone == Zone::kLocal) return local_calendar(static_cast<std::time_t>(seconds));
  namespace time = std::chrono;
  const time::sys_seconds instant{time::seconds(seconds)};
  const auto day = time::floor<time::days>(instant);
  const time::year_month_day date(day);
  const time::hh_mm_ss clock(instant - day);
  std::tm calendar{};
  calendar.tm_year = static_cast<int>(date.year()) - 1900;
  calendar.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  calendar.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  calendar.tm_hour = static_cast<int>(clock.hours().count());
  calendar.tm_min = static_cast<int>(clock.minutes().count());
  calendar.tm_sec = static_cast<int>(clock.seconds().count());
  calendar.tm_wday = static_cast<int>(time::weekday(day).c_encoding());
  return calendar;
}

std::int64_t time_of(std::tm calendar, Zone zone) {
  calendar.tm_isdst = -1;
  if (zone == Zone::kLocal) return std::int64_t{std::mktime(&calendar)} * kSecond;
  const auto month = std::chrono::year(calendar.tm_year + 1900) /
                     std::chrono::month(static_cast<unsigned>(calendar.tm_mon + 1)) / 1;
  const std::int64_t days =
      std::chrono::sys_days(month).time_since_epoch().count() + calendar.tm_mday - 1;
  return ((days * 24 + calendar.tm_hour) * 60 + calendar.tm_min) * 60 * kSecond +
         calendar.tm_sec * kSecond;
}

std::string format_time(std::int64_t time_us, Zone zone, Digits digits) {
  const std::tm at = calendar_of(time_us, zone);
  std::string text = print("%04d-%02d-%02d %02d:%02d:%02d", at.tm_year + 1900, at.tm_mon + 1,
                           at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
  if (digits == Digits::kSeconds) return text;
  return text +
         print(".%03d", static_cast<int>((time_us - floor_seconds(time_us) * kSecond) / 1000));
}

std::string format_iso(std::int64_t time_us) {
  std::string text = format_time(time_us, Zone::kUtc, Digits::kMilliseconds);
  text[10] = 'T';
  return text + 'Z';
}

std::string format_clock(std::int64_t time_us, Zone zone) {
  return format_time(time_us, zone).substr(11);
}

std::string format_span(std::int64_t span_us) {
  if (span_us < 0) return '-' + format_span(span_us == INT64_MIN ? INT64_MAX : -span_us);
  if (span_us < 1000)
    return span_us == 0 ? "0s" : print("%.2gms", static_cast<double>(span_us) / 1e3);
  if (span_us < kSecond) return std::to_string(span_us / 1000) + "ms";
  const auto seconds = static_cast<long long>(span_us / kSecond);
  if (seconds < 10) return print("%.1fs", static_cast<double>(span_us - span_us % 100'000) / 1e6);
  if (seconds < 60) return print("%llds", seconds);
  if (seconds < 3600) return print("%lldm %02llds", seconds / 60, seconds % 60);
  if (seconds < kDaySeconds) return print("%lldh %02lldm", seconds / 3600, seconds / 60 % 60);
  return print("%lldd %02lldh", seconds / kDaySeconds, seconds / 3600 % 24);
}

}  // namespace throttle::inspect
