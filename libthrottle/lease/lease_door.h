// The HTTP door of the ledger: both generations of the lease protocol, request in, decision out.
//
// Routes (docs/http-api.md) are added to a router; a handler answers at once, or parks the exchange
// (block_for) and answers it later through take_answers(). The door does no I/O and reads no clock,
// so a test drives it without a socket.
//
// A request: begin_request(now), so that all of the past has happened, and observe() what did;
// dispatch the request; observe() what it did; take_answers(). Each event is observed once. An
// exchange may be answered by the very request that parked it. On a timer at next_deadline():
// ledger.advance(now) and observe(), so that a lock granted at the last moment is answered as
// granted; then advance(now) and take_answers().
// Threads: one, the ledger's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

// What clients can pile up at most.
struct Bounds {
  std::size_t peers = 1'000'000;   // beyond, requests that would add one are answered 503
  Duration expires_in = kForever;  // beyond, 400

  bool operator==(const Bounds&) const = default;
};

// An operator ends what is not his own: a DELETE with a `reason`.
struct Kick {
  TimePoint at;
  PeerId peer = 0;
  SemaphoreIndex semaphore = kNoSemaphore;  // if it is one lock only
  SocketAddress from;                       // where the request came from
  std::string by;
  std::string reason;
  std::optional<Duration> within = {};  // it ends then at the latest, not now
  std::optional<Duration> bar = {};     // how long it may not be restored afterwards
};
// It does not change the ledger.
using KickWitness = std::function<void(const Kick&)>;

class LeaseDoor {
 public:
  // `ledger` outlives the door.
  explicit LeaseDoor(LeaseLedger& ledger);
  ~LeaseDoor();
  LeaseDoor(const LeaseDoor&) = delete;
  LeaseDoor& operator=(const LeaseDoor&) = delete;

  // The routes of both generations; the door outlives the router's use of them.
  void add_routes(http::Router& router);

  // Is called right before the ledger ends what a Kick names, for those that end something.
  void set_kick_witness(KickWitness witness);

  // For requests from now on; at first they are the default ones.
  void set_bounds(const Bounds& bounds);

  // Lets the ledger's time pass up to a request, which is dispatched next.
  void begin_request(TimePoint now);
  // Answers parked exchanges whose peers were granted or removed, or can never be granted.
  void observe(std::span<const LedgerEvent> events);
  // Answers parked exchanges whose time is over.
  void advance(TimePoint now);
  // The client of this exchange hung up: the answer is not needed. The lock of its peer stays
  // pending, because the client may come back. An exchange that is not parked is no error.
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
