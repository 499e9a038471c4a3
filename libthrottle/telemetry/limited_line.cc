#include "libthrottle/telemetry/limited_line.h"

namespace throttle::telemetry {

void LimitedLine::write(TimePoint now, Fields fields) noexcept {
  advance(now);
  if (now < quiet_until_) {
    ++suppressed_;
    return;
  }
  log_.write(level_, message_, fields);
  quiet_until_ = saturating_add(now, interval_);
}

void LimitedLine::advance(TimePoint now) noexcept {
  if (suppressed_ == 0 || now < quiet_until_) return;
  log_.write(level_, message_, {{"suppressed", suppressed_}});
  suppressed_ = 0;
  // The summary counts as a line: a steady flood makes one line an interval.
  quiet_until_ = saturating_add(now, interval_);
}

TimePoint LimitedLine::next_deadline() const {
  return suppressed_ == 0 ? kNever : quiet_until_;
}

}  // namespace throttle::telemetry
