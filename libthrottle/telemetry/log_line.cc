// Lines without a format library: the calendar comes from <chrono>, so that it needs no locale and
// no time zone.
#include "libthrottle/telemetry/log_line.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "libthrottle/telemetry/log_text.h"

namespace throttle::telemetry {

namespace {

std::string timestamp(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  std::array<char, 64> text{};
  const int bytes = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(bytes)};
}

}  // namespace

std::string file_line(const Record& record) {
  std::string level(to_string(record.level));
  level.resize(5, ' ');
  std::string line = '[' + timestamp(record.time) + ' ' + level + ' ';
  return line.append(record.target).append("] ").append(to_text(record, kLineTextBytes)) + '\n';
}

std::string journal_line(const Record& record) {
  std::string line = '<' + std::to_string(syslog_priority(record.level)) + '>';
  return line.append(record.target).append(": ").append(to_text(record, kLineTextBytes)) + '\n';
}

int syslog_priority(Level level) {
  switch (level) {
    case Level::kError:
      return 3;
    case Level::kWarn:
      return 4;
    case Level::kInfo:
      return 6;
    default:
      return 7;
  }
}

}  // namespace throttle::telemetry
