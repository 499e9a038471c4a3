// The ledger in a running process: it gets the time, is woken at its deadlines, and its events are
// handed to the observers once at the end of each turn of the loop.
//
// Code that changes the ledger has nothing else to do: the runtime looks for events by itself, once
// a turn. In a turn without events it calls nobody, and it never wakes the loop up by itself.
// Invariants, whenever the loop waits: no event is left to hand on, and the timer is armed no later
// than the ledger's next deadline. If the loop wakes up more than 1 s too late (the process was
// stopped, or the machine is too busy), the ledger removes no peer for a moment. The runtime alone
// does not keep the loop running. Threads: the loop's.
#pragma once

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/turn_hook.h"

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

  TimePoint started() const { return started_; }
  // The end of the startup grace.
  TimePoint grants_from() const { return grants_from_; }

 private:
  void on_due();
  void on_turn();

  TimePoint started_;
  TimePoint grants_from_;
  LeaseLedger ledger_;
  LedgerHub hub_{ledger_};
  Timer timer_;
  TurnHook turn_hook_;
};

}  // namespace throttle::uv
