// The ledger in the log: what an operator should know of is a warning, all the rest is for
// debugging.
//
// Warnings are those of the original server (peers that expired, peers that were restored); clients
// can provoke them, so each kind is told once in a while with the number of those left out.
// Threads: one, the ledger's.
#pragma once

#include <span>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/telemetry/limited_line.h"
#include "libthrottle/telemetry/log.h"

namespace throttle::server {

class LedgerLog {
 public:
  // `ledger` outlives the log; it is asked for the names of semaphores.
  LedgerLog(const LeaseLedger& ledger, telemetry::Log log);

  void observe(std::span<const LedgerEvent> events);
  void advance(TimePoint now);
  TimePoint next_deadline() const;

 private:
  void warn(const LedgerEvent& event);
  void trace(const LedgerEvent& event) const;

  const LeaseLedger& ledger_;
  telemetry::Log log_;
  telemetry::LimitedLine lease_expired_;
  telemetry::LimitedLine peer_restored_;
};

}  // namespace throttle::server
