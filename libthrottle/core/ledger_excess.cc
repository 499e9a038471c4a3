// What is held of a semaphore beyond its full count, as events: after a restore, after a limit was
// lowered, and when the leases that were too many are over.
#include "libthrottle/core/ledger_state.h"

namespace throttle {

// A semaphore that is not configured has no limit that could be exceeded. An excess that only
// became smaller is no event.
void LedgerState::report_excess(Semaphore& semaphore, PeerId restored_by) {
  const Semaphore::Excess before = semaphore.excess();
  const Count count = semaphore.retired() ? 0 : semaphore.over_commit();
  if (count == before.count) return;
  semaphore.set_excess({count, before.count == 0 ? now() : before.since});
  if (count != 0 && count < before.count) return;
  report({.kind = EventKind::kExcess,
          .semaphore = semaphore.index(),
          .peer = restored_by,
          .excess = count,
          .at = now(),
          .held = count == 0 ? now() - before.since : Duration::zero()});
}

}  // namespace throttle
