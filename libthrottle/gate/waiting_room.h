// Visitors in the queue of their semaphore, and visitors that have their place: what the ledger
// reports of them.
//
// A visitor that is enrolled is a peer of the ledger, next to all others that want the semaphore.
// The room hears the events of its semaphore, moves the visitors that they are about, and passes
// them on. Over HTTP others may release what a peer of a connection has; that is an event like any
// other. Threads: the ledger's. No clock, no socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/gate/roster.h"

namespace throttle::gate {

class WaitingRoom {
 public:
  class Receiver {
   public:
    // Each call may remove the visitor.
    virtual void on_granted(Visitor& visitor) = 0;  // it is in kAdmitted now
    virtual void on_wait_ended(Visitor& visitor, Refusal refusal) = 0;
    virtual void on_place_ended(Visitor& visitor, Cause cause) = 0;  // it is in kEnded now

   protected:
    ~Receiver() = default;
  };

  // All outlive it.
  struct Context {
    LedgerHub& hub;
    Roster& roster;
    const Options& options;
  };

  // The semaphore is configured in the ledger.
  WaitingRoom(const Context& context, std::string semaphore, Receiver& receiver);
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  // Has the visitor join the queue at `now`. False if the ledger has no room for it; then it is not
  // in kWaiting. Whether it has its place at once is reported like every other grant.
  [[nodiscard]] bool enroll(Visitor& visitor, TimePoint now);
  // Whether a visitor of this room waits in the ledger, whatever is not reported yet.
  bool waits(const Visitor& visitor) const;
  // Whether a visitor that joins has its place at once.
  bool has_place() const;
  // The same for a visitor that waits in the room of another semaphore, and leaves that one. False
  // if it has just got its place there, or there is none here; then nothing has changed.
  [[nodiscard]] bool adopt(Visitor& visitor, TimePoint now);
  // Whether it is of that semaphore, as it is configured now: one that was removed may have come
  // back as another one.
  bool is_of(std::string_view semaphore) const;
  // Ends the visitor's life in the ledger, if it is enrolled; needed before it is removed.
  void leave(const Visitor& visitor, TimePoint now);
  // The visitor's place ends at `now` + `hold`.
  void limit_hold(const Visitor& visitor, TimePoint now, Duration hold);

 private:
  SemaphoreIndex semaphore_index() const;
  AcquireOutcome acquire(const Visitor& visitor, TimePoint now);
  // Grants on the semaphore since the start, and those of them that are not reported yet.
  std::uint64_t grants() const;
  std::uint64_t unreported_grants() const;
  void on_event(const LedgerEvent& event);
  void on_granted(Visitor& visitor, const LedgerEvent& event);

  LedgerHub& hub_;
  Roster& roster_;
  const Options& options_;
  Receiver& receiver_;
  const std::string name_;
  const SemaphoreIndex semaphore_;
  std::uint64_t granted_;  // on the semaphore, of those that the ledger has reported
  LedgerHub::Subscription subscription_;
};

}  // namespace throttle::gate
