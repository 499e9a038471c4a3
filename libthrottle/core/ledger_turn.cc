// The one grant loop, and the removals that feed it.
#include "libthrottle/core/ledger_turn.h"

namespace throttle {

// Head by head, as long as it fits: a head that does not fit holds up all behind it, so that a
// large count is not starved by small ones.
void serve_marked(LedgerState& state) {
  while (state.any_marked()) {
    const Semaphore& semaphore = state.pop_marked();
    while (state.head_fits(semaphore))
      state.grant_head(semaphore.index());
  }
}

std::size_t remove_and_settle(LedgerState& state) {
  std::size_t removed = 0;
  while (state.may_be_due()) {
    removed += state.remove_due();
    serve_marked(state);
  }
  return removed;
}

}  // namespace throttle
