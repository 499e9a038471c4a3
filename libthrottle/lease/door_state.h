// What the routes of the door work on; private to lease.
//
// News. The runtime shows the door each ledger event once, but perhaps only after several requests.
// So events are numbered, and a parked request knows the first one that can concern it: a lock
// that its peer cancelled just before it asked again does not answer the new request.
// Threads: the ledger's.
#pragma once

#include <cstdint>
#include <vector>

#include "libthrottle/lease/answers.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/lease/parking_lot.h"

namespace throttle::lease {

struct LeaseDoor::State {
  explicit State(LeaseLedger& the_ledger) : ledger(the_ledger) {}

  // The number of the next event that the ledger reports.
  std::uint64_t next_event() const { return events_observed + ledger.events().size(); }
  // Lets the request wait until `limit` is over; answers "pending" at once if it need not or may
  // not. `first_news` was taken right before the operation that left the lock pending.
  Reply wait(const http::Call& call, Parked parked, Duration limit);
  // What a parked request is told when a wait of its peer ended.
  http::Response verdict(const Parked& parked, const LedgerEvent& event) const;

  LeaseLedger& ledger;
  ParkingLot lot;
  std::vector<Answer> answers;
  std::uint64_t events_observed = 0;
  bool parking = true;
};

}  // namespace throttle::lease
