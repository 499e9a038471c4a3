// What time it is in a ledger, and what has to wait for a later time although it is due.
//
// Time comes in with each operation and never runs backwards: an earlier time counts as the latest
// one seen. Two things wait:
//
//     grants     for the end of the startup grace, in which the clients of a restarted server
//                restore what they hold
//     removals   for a while after a late waking: what clients sent meanwhile is still unread, and
//                to remove their peers now would charge them with our delay
//
// Threads: one at a time.
#pragma once

#include <algorithm>

#include "libthrottle/core/time.h"

namespace throttle {

class LedgerClock {
 public:
  // `wake_tolerance`: how much later than promised a waking is not late yet.
  LedgerClock(TimePoint start, Duration startup_grace, Duration wake_tolerance)
      : now_(start),
        grants_from_(saturating_add(start, startup_grace)),
        grace_pending_(startup_grace > Duration::zero()),
        wake_tolerance_(wake_tolerance) {}

  TimePoint now() const { return now_; }
  // `delay` from now.
  TimePoint after(Duration delay) const { return saturating_add(now_, delay); }
  void pass(TimePoint to) { now_ = std::max(now_, to); }

  // --- grants ---
  bool grants_open() const { return now_ >= grants_from_; }
  // When take_grace_end() will have something to say; kNever if it had.
  TimePoint grace_end() const { return grace_pending_ ? grants_from_ : kNever; }
  // Whether the grace ended since the last call: true once.
  bool take_grace_end() {
    if (!grace_pending_ || !grants_open()) return false;
    grace_pending_ = false;
    return true;
  }

  // --- removals ---
  bool removals_open() const { return now_ >= spared_until_; }
  // When a peer is removed that is due at `due`.
  TimePoint removal(TimePoint due) const { return std::max(due, spared_until_); }
  // How much too late it is for an owner that was to call at `promised`; zero within the tolerance.
  Duration lateness(TimePoint promised) const {
    return now_ > saturating_add(promised, wake_tolerance_) ? now_ - promised : Duration::zero();
  }
  // Nobody is removed for this long.
  void spare(Duration length) { spared_until_ = after(length); }

 private:
  TimePoint now_;
  TimePoint grants_from_;
  bool grace_pending_;
  Duration wake_tolerance_;
  TimePoint spared_until_ = TimePoint::min();
};

}  // namespace throttle
