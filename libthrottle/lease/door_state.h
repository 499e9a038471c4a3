// What the routes of the door work on; private to lease.
//
// Events and requests. The door receives all events of the past, up to the time of a request,
// before that request is dispatched, and the events of the request right after it. So an event that
// answers a parked request came after it was parked. The one exception is a peer that a request
// removes and adds again under the same id: the removal answers nobody, for the peer is there.
// Threads: the ledger's.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "libthrottle/lease/answers.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/lease/parking_lot.h"

namespace throttle::lease {

struct LeaseDoor::State {
  explicit State(LeaseLedger& of) : ledger(of) {}

  // Lets the request wait until `limit` is over; answers "pending" at once if it need not or may
  // not.
  Reply wait(const http::Call& call, Parked parked, Duration limit);
  // The refusal of a request that would add a peer, if there are as many as there may be.
  Reply refuse_another_peer() const;
  // The refusal of an expiry that is too late.
  Reply refuse_expiry(std::optional<Duration> expires_in) const;
  // The response to a parked request after a wait of its peer ended.
  http::Response verdict(const Parked& parked, const LedgerEvent& event) const;

  LeaseLedger& ledger;
  Bounds bounds;
  KickWitness kick_witness;  // may be empty
  ParkingLot lot;
  std::vector<Answer> answers;
  std::size_t expired_before = 0;  // peers that expired right before the present request
  bool parking = true;
};

}  // namespace throttle::lease
