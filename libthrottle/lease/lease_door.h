// The HTTP door of the ledger: both generations of the lease protocol, request in, decision out.
//
// Routes (docs/http-api.md) are added to a router; a handler answers at once, or parks the exchange
// (block_for) and answers it later through take_answers(). The door does no I/O and reads no clock,
// so a test drives it without a socket.
//
// A turn of the runtime: dispatch requests; then, while ledger.events() is not empty, observe() all
// of them and clear them; then take_answers(). The door counts the events, so each must be observed
// exactly once; those that were taken out of the ledger before the next request is dispatched. An
// exchange may be answered in the very turn that parked it. On a timer at next_deadline():
// ledger.advance(now), observe and clear, so that a lock granted at the last moment is answered as
// granted; then advance(now) and take_answers().
// Threads: one, the ledger's.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/http/message.h"
#include "libthrottle/http/router.h"

namespace throttle::lease {

// The response of an exchange that was parked.
struct Answer {
  http::ExchangeId exchange = 0;
  http::Response response;
};

class LeaseDoor {
 public:
  // `ledger` outlives the door.
  explicit LeaseDoor(LeaseLedger& ledger);
  ~LeaseDoor();
  LeaseDoor(const LeaseDoor&) = delete;
  LeaseDoor& operator=(const LeaseDoor&) = delete;

  // The routes of both generations; the door outlives the router's use of them.
  void add_routes(http::Router& router);

  // Answers parked exchanges whose peers were granted, removed or told off.
  void observe(std::span<const LedgerEvent> events);
  // Answers parked exchanges whose time is over.
  void advance(TimePoint now);
  // The client of this exchange hung up: nobody waits for the answer. What its peer waits for stays
  // pending, for the client may come back. An exchange that is not parked is no error.
  void abandon(http::ExchangeId exchange);
  // From now on nothing is parked, and all that is parked is answered "pending" (202).
  void stop_parking();

  // The answers that became ready since the last call.
  std::vector<Answer> take_answers();
  // When advance() next has something to do; kNever if nothing is parked.
  TimePoint next_deadline() const;
  std::size_t parked_count() const;

  struct State;  // private to lease (door_state.h)

 private:
  std::unique_ptr<State> state_;
};

}  // namespace throttle::lease
