// Counting of suppressed lines, and the timer that makes sure that they are summed up.
#include "libthrottle/telemetry/limited_line.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"

namespace throttle::telemetry {

LimitedLines::LimitedLines(uv::Loop& loop) : timer_(loop, uv::bound<&LimitedLines::on_due>(this)) {}

LimitedLines::~LimitedLines() {
  THROTTLE_CHECK(lines_.empty());
}

void LimitedLines::add(LimitedLine& line) {
  THROTTLE_CHECK(std::ranges::count(lines_, &line) == 0);
  lines_.push_back(&line);
}

void LimitedLines::remove(LimitedLine& line) noexcept {
  THROTTLE_CHECK(std::erase(lines_, &line) == 1);
}

void LimitedLines::advance(TimePoint now) noexcept {
  for (LimitedLine* const line : lines_)
    line->advance(now);
}

void LimitedLines::flush(TimePoint now) noexcept {
  for (LimitedLine* const line : lines_)
    line->flush(now);
}

TimePoint LimitedLines::next_deadline() const {
  TimePoint next = kNever;
  for (const LimitedLine* const line : lines_)
    next = std::min(next, line->next_deadline());
  return next;
}

void LimitedLines::on_due() {
  advance(uv::now());
  timer_.arm(next_deadline());
}

LimitedLine::KeptField LimitedLine::kept(const Field& field) {
  const auto own = [](auto value) -> decltype(KeptField::value) {
    if constexpr (std::is_same_v<decltype(value), std::string_view>)
      return std::string(value);
    else
      return value;
  };
  return {field.key, std::visit(own, field.value)};
}

Field LimitedLine::shown(const KeptField& kept) {
  return std::visit([&kept](const auto& value) { return Field(kept.key, value); }, kept.value);
}

// NOLINTNEXTLINE(readability-function-size): the owner, and what a line is.
LimitedLine::LimitedLine(LimitedLines& lines, Log log, Level level, std::string_view message,
                         Duration interval)
    : lines_(lines), log_(log), level_(level), message_(message), interval_(interval) {
  lines_.add(*this);
}

LimitedLine::~LimitedLine() {
  lines_.remove(*this);
}

void LimitedLine::write(TimePoint now, Fields fields, std::string_view cause) noexcept {
  if (!log_.enabled(level_)) return;
  advance(now);
  Cause& found = find_or_add(cause);
  if (now < found.quiet_until) {
    found.newest.clear();
    for (const Field& field : fields)
      found.newest.push_back(kept(field));
    if (++found.suppressed == 1) lines_.timer_.arm(lines_.next_deadline());
    return;
  }
  log_.write(level_, message_, fields);
  found.quiet_until = saturating_add(now, interval_);
}

LimitedLine::Cause& LimitedLine::find_or_add(std::string_view cause) {
  if (const auto found = causes_.find(cause); found != causes_.end()) return found->second;
  // One beyond them all takes what is too many; no other cause has that name.
  static constexpr std::string_view kTooMany("\0", 1);
  const std::string_view name = causes_.size() < kMostCauses ? cause : kTooMany;
  return causes_[std::string(name)];
}

void LimitedLine::advance(TimePoint now) noexcept {
  for (auto each = causes_.begin(); each != causes_.end();) {
    Cause& cause = each->second;
    const bool due = now >= cause.quiet_until;
    const bool forget = due && cause.suppressed == 0;
    if (due && !forget) sum_up(cause, now);
    each = forget ? causes_.erase(each) : std::next(each);
  }
}

void LimitedLine::flush(TimePoint now) noexcept {
  for (auto& [name, cause] : causes_)
    if (cause.suppressed > 0) sum_up(cause, now);
}

void LimitedLine::sum_up(Cause& cause, TimePoint now) noexcept {
  std::vector<Field> fields{{"suppressed", cause.suppressed}};
  for (const KeptField& field : cause.newest)
    fields.push_back(shown(field));
  log_.write_all(level_, message_, fields);
  cause.suppressed = 0;
  cause.newest.clear();
  // The summary counts as a line: a steady flood makes one line an interval.
  cause.quiet_until = saturating_add(now, interval_);
}

TimePoint LimitedLine::next_deadline() const {
  TimePoint next = kNever;
  for (const auto& [name, cause] : causes_)
    if (cause.suppressed > 0) next = std::min(next, cause.quiet_until);
  return next;
}

}  // namespace throttle::telemetry
