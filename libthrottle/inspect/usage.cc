// Sums up. Between two events nothing changes, so each step adds a rectangle to every semaphore's
// piece; a piece ends where the calendar says so, which knows of summer time.
#include "libthrottle/inspect/usage.h"

#include <algorithm>
#include <cmath>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/schema.h"

namespace throttle::inspect {

using journal::Kind;

void Waits::add(std::int64_t span_us) {
  spans_.push_back(static_cast<float>(span_us));
  max_ = std::max(max_, span_us);
}

std::int64_t Waits::percentile(double share) {
  THROTTLE_CHECK(share > 0 && share <= 1);
  if (spans_.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(spans_.size()));
  const auto nth = spans_.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::ranges::nth_element(spans_, nth);
  return std::min(max_, static_cast<std::int64_t>(*nth));
}

std::int64_t Usage::key_of_piece(std::int64_t at_us) const {
  std::tm calendar = calendar_of(at_us, zone_);
  if (by_ == By::kWeekdayHour) return std::int64_t{calendar.tm_wday} * 24 + calendar.tm_hour;
  calendar.tm_min = calendar.tm_sec = 0;
  if (by_ == By::kDay) calendar.tm_hour = 0;
  return time_of(calendar, zone_);
}

void Usage::enter_piece(std::int64_t at_us) {
  std::tm calendar = calendar_of(at_us, zone_);
  calendar.tm_min = calendar.tm_sec = 0;
  if (by_ == By::kDay) {
    calendar.tm_hour = 0;
    ++calendar.tm_mday;
  } else {
    ++calendar.tm_hour;
  }
  piece_ = key_of_piece(at_us);
  piece_end_us_ = time_of(calendar, zone_);
  // An hour that the change from summer time repeats.
  constexpr std::int64_t kHour = 3'600'000'000;
  if (piece_end_us_ <= at_us) piece_end_us_ = at_us - at_us % kHour + kHour;
}

void Usage::touch(std::int64_t semaphore_no) {
  const State& state = states_[semaphore_no];
  Use& use = uses_[{piece_, semaphore_no}];
  use.peak = std::max(use.peak, state.held);
  use.full = state.full;
}

// Time goes on within the piece.
void Usage::pass(std::int64_t until_us) {
  const std::int64_t span = until_us - now_us_;
  THROTTLE_CHECK(span >= 0);
  now_us_ = until_us;
  if (!alive_ || span == 0) return;
  for (const auto& [number, state] : states_) {
    Use& use = uses_[{piece_, number}];
    use.alive_us += span;
    use.held_us += static_cast<double>(state.held) * static_cast<double>(span);
    if (state.held >= state.full && state.held > 0) use.at_full_us += span;
  }
}

void Usage::move_to(std::int64_t at_us) {
  if (!begun_ || at_us < now_us_) {  // the clock was set back
    begun_ = true;
    now_us_ = at_us;
    enter_piece(at_us);
  }
  while (at_us >= piece_end_us_) {
    pass(piece_end_us_);
    enter_piece(now_us_);
    for (const auto& [number, state] : states_)
      if (alive_) touch(number);
  }
  pass(at_us);
}

void Usage::begin(std::int64_t semaphore_no, std::int64_t held, std::int64_t full) {
  THROTTLE_CHECK(!begun_);
  states_[semaphore_no] = {held, full};
}

void Usage::add(const journal::EventNumbers& event) {
  // After a crash no stop is recorded.
  if (static_cast<Kind>(event.kind_no) == Kind::kStarted) alive_ = false;
  move_to(event.at_us);
  State& state = states_[event.semaphore_no];
  switch (static_cast<Kind>(event.kind_no)) {
    case Kind::kGranted:
      state.held += event.count;
      uses_[{piece_, event.semaphore_no}].waits.add(event.span_us);
      break;
    case Kind::kRestored:
    case Kind::kFound:
      state.held += event.count;
      break;
    case Kind::kLeaseEnded:
      state.held -= event.count;
      break;
    case Kind::kMissed:
      if (event.missed_kind_no != static_cast<std::int64_t>(Kind::kQueued) &&
          event.missed_kind_no != static_cast<std::int64_t>(Kind::kFoundWaiting))
        state.held -= event.count;
      break;
    case Kind::kConfigured:
      state.full = event.count;
      break;
    case Kind::kStarted:
      alive_ = true;
      break;
    case Kind::kStopped:
      alive_ = false;
      break;
    default:
      break;
  }
  if (event.semaphore_no == 0)
    states_.erase(0);
  else
    touch(event.semaphore_no);
}

void Usage::add_refusals(std::int64_t semaphore_no, std::int64_t at_us, std::int64_t count) {
  const auto use = uses_.find({key_of_piece(at_us), semaphore_no});
  if (use != uses_.end()) use->second.refused += count;
}

void Usage::finish(std::int64_t end_us) {
  if (begun_ && end_us > now_us_) move_to(end_us);
}

}  // namespace throttle::inspect
