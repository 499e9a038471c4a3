// What a connection owes before it may join the queue: a PROXY header, if a load balancer has to
// send one; a permit, for a client may have a limited number of connections; and its first byte, if
// the settings ask for it.
//
// It decides and moves visitors between the stages before the queue; the gate does the rest.
// Threads: the gate's. No clock, no socket.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/deadline_queue.h"
#include "libthrottle/gate/client_rate.h"
#include "libthrottle/gate/roster.h"

namespace throttle::gate {

class Arrivals {
 public:
  enum class Step : std::uint8_t {
    kStays,     // it owes something still
    kEnrolls,   // it owes nothing more
    kRejected,  // it may not come in, for the reason of the refusal
  };
  struct Decision {
    Step step = Step::kStays;
    Refusal refusal = Refusal::kNone;
  };
  struct Overdue {
    Visitor& visitor;
    Refusal refusal;
  };

  // Both outlive it. `options` are those in force whenever something is decided.
  Arrivals(Roster& roster, const Options& options);

  // A visitor that has just come. It may have sent something already.
  Decision arrive(Visitor& visitor, TimePoint now);
  // A visitor that has not joined the queue yet has sent something, or will send nothing more.
  Decision on_received(Visitor& visitor, TimePoint now);
  // Forgets its deadline; needed before a visitor is removed.
  void forget(const Visitor& visitor);
  // The visitor that has been silent for longest, if more are silent than may be; to be rejected as
  // silent.
  Visitor* find_excess() const;

  // A visitor whose time is over at `now`, with the reason to reject it; each once.
  std::optional<Overdue> pop_overdue(TimePoint now);
  TimePoint next_deadline() const { return deadlines_.next(); }

  void set_client_limits(ConnectionLimiter::Config limits);

 private:
  Decision read_header(Visitor& visitor, TimePoint now);
  Decision permit(Visitor& visitor, TimePoint now);
  Decision await_first_byte(Visitor& visitor);

  Roster& roster_;
  const Options& options_;
  ConnectionLimiter limiter_;
  ClientRate rate_;
  DeadlineQueue deadlines_;                   // by slot
  std::map<std::uint64_t, Visitor*> silent_;  // in the order in which they came
  std::uint64_t next_number_ = 1;
};

}  // namespace throttle::gate
