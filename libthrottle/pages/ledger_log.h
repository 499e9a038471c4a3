// The ledger in the log: what an operator should know is a warning, the rest is for debugging.
//
// Warnings are those of the original server (peers that expired, peers that were restored). Clients
// can trigger them. Restores and excesses are limited for each semaphore. A lease that was lost is
// never left out, because somebody may look for it: those that are lost in one turn of the loop
// share lines. What operators end is limited for each of them, their reason and the peer. Threads:
// one, the ledger's.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/telemetry/limited_line.h"
#include "libthrottle/telemetry/log.h"

namespace throttle::pages {

class LedgerLog {
 public:
  // `ledger`, which knows the names of semaphores, and `lines` outlive it.
  LedgerLog(const LeaseLedger& ledger, telemetry::Log log, telemetry::LimitedLines& lines);

  void observe(std::span<const LedgerEvent> events);
  // An operator ends what a peer has, before the ledger does.
  void on_kick(const lease::Kick& kick);

 private:
  void warn(const LedgerEvent& event);
  void warn_of_excess(const LedgerEvent& event);
  void warn_of_lost(std::span<const LedgerEvent> events) const;
  std::string describe_lost(const LedgerEvent& event) const;
  void trace(const LedgerEvent& event) const;
  // What an operator did to force this end; null if no operator did.
  const lease::Kick* kick_of(const LedgerEvent& event) const;

  const LeaseLedger& ledger_;
  telemetry::Log log_;
  telemetry::LimitedLine peer_restored_;
  telemetry::LimitedLine excess_began_;
  telemetry::LimitedLine excess_ended_;
  telemetry::LimitedLine kicked_;
  std::set<SemaphoreIndex> in_excess_;
  std::map<PeerId, lease::Kick> kicks_;  // the last of each peer that is there, to trace its ends
};

}  // namespace throttle::pages
