// Words and dates.
#include "libthrottle/pages/event_words.h"

#include <chrono>

namespace throttle::pages {

namespace {

void append_padded(std::string& out, std::uint64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out.append(text);
}

}  // namespace

std::string_view cause_word(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      break;
    case Cause::kReleased:
      return "released";
    case Cause::kExpired:
      return "expired";
    case Cause::kHoldLimit:
      return "hold_limit";
    case Cause::kWaitLimit:
      return "wait_limit";
    case Cause::kNeverFits:
      return "never_fits";
    case Cause::kBreaksHierarchy:
      return "breaks_hierarchy";
    case Cause::kSemaphoreRemoved:
      return "semaphore_removed";
    case Cause::kForced:
      return "forced";
  }
  return {};
}

void append_iso_time(std::string& out, std::int64_t micros) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::microseconds> instant{chrono::microseconds(micros)};
  const auto day = chrono::floor<chrono::days>(instant);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss time(instant - day);
  append_padded(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, static_cast<std::uint64_t>(time.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(time.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(time.seconds().count()), 2);
  out += '.';
  append_padded(out, static_cast<std::uint64_t>(time.subseconds().count()), 6);
  out += 'Z';
}

}  // namespace throttle::pages
