// How time passes in a ledger, and the one grant loop.
//
// Each operation is a turn of three steps:
//
//     begin   time passes; what is due is gone, and what that freed is granted
//     act     the operation itself: moves of LedgerState, which only mark what they freed
//     end     what it freed is granted, and a life or a wait of 0 ms that it asked for is over
//
// One grant loop. Whatever frees something (a release, a cancel, an expiry, a disconnect, a resize,
// the end of a pause or of the grace) marks the semaphore, and serving the marked ones is the only
// way from a queue to a lease. So no removal can forget the waiters behind it, and a peer that is
// on its way out is granted nothing. A request that does not wait is granted in lease_ledger.cc,
// and only if it would be the head and fits.
//
// Threads: one at a time.
#pragma once

#include <cstddef>

#include "libthrottle/core/ledger_state.h"

namespace throttle {

// Removes what is due now and grants what that freed, until nothing is due: a grant may bring a
// hold limit that is over at once. Returns how many peers went.
std::size_t remove_and_settle(LedgerState& state);
// Grants to the heads that fit, on every marked semaphore.
void serve_marked(LedgerState& state);

// The beginning of an operation. Returns how many peers went.
inline std::size_t begin_turn(LedgerState& state, TimePoint now) {
  state.pass_time(now);
  if (!state.may_be_due()) return 0;
  state.notice_lateness();
  return remove_and_settle(state);
}

// The same, but what was freed waits for end_turn(): nothing is granted by settings that are about
// to change.
inline void begin_turn_of_reload(LedgerState& state, TimePoint now) {
  state.pass_time(now);
  if (state.may_be_due()) state.notice_lateness();
  state.remove_due();
}

inline void end_turn(LedgerState& state) {
  if (state.any_marked()) serve_marked(state);
  if (state.may_be_due()) remove_and_settle(state);
}

// An operation, from its beginning to its end.
class Turn {
 public:
  Turn(LedgerState& state, TimePoint now) : state_(state) { begin_turn(state, now); }
  ~Turn() { end_turn(state_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  LedgerState& state_;
};

}  // namespace throttle
