// The ledger in a running process: told the time, woken at its deadlines, watched by observers.
//
// Invariant: after every turn the timer is armed no later than the ledger's next deadline.
// Threads: the loop's.
#pragma once

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {

class Loop;

class LedgerRuntime {
 public:
  // Nothing is granted before `startup_grace` is over. Ids and fencing tokens begin from the
  // system's randomness and wall clock.
  explicit LedgerRuntime(Loop& loop, Duration startup_grace = {});
  LedgerRuntime(const LedgerRuntime&) = delete;
  LedgerRuntime& operator=(const LedgerRuntime&) = delete;

  LeaseLedger& ledger() { return ledger_; }
  const LeaseLedger& ledger() const { return ledger_; }
  LedgerHub& hub() { return hub_; }

 private:
  void on_due();
  void arm();

  LeaseLedger ledger_;
  LedgerHub hub_{ledger_};
  Timer timer_;
};

}  // namespace throttle::uv
