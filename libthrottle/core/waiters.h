// The requests that wait, of all semaphores: their numbers of arrival and their time limits.
//
// A request has one place here from add() to remove(). It is linked into the queue of exactly one
// semaphore (semaphore.h) and named by exactly one peer (peers.h); neither of them is known here.
// A place is used again, a number of arrival never is: both together name one wait for ever.
//
// Invariants: a number of arrival is greater than all before; one that is not in use has 0. A time
// limit belongs to a request that waits.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "libthrottle/core/check.h"
#include "libthrottle/core/deadline_queue.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/core/slot_list.h"

namespace throttle {

using WaiterSlot = Slot;

struct Waiter {
  PeerId peer = 0;
  SemaphoreIndex semaphore = 0;
  SlotLinks links = {};
  Count count = 0;
  TimePoint since;
  Duration hold = kForever;
  std::uint64_t arrival = 0;
  Oversize oversize = Oversize::kRefused;
};

class Waiters {
 public:
  // Enters a request and gives it the next number of arrival. It is due at `limit`; kNever: never.
  WaiterSlot add(const Waiter& waiter, TimePoint limit) {
    THROTTLE_CHECK(waiter.count >= 0);
    const WaiterSlot slot = places_.allocate();
    places_[slot] = waiter;
    places_[slot].arrival = ++arrivals_;
    if (limit != kNever) limits_.insert(slot, limit);
    return slot;
  }
  // Forgets a request that is in no queue any more.
  void remove(WaiterSlot slot) {
    THROTTLE_CHECK(places_[slot].arrival != 0);
    limits_.erase(slot);
    places_.release(slot);
  }

  // A place that was in use once. Nobody waits there any more if its arrival is 0.
  const Waiter& operator[](WaiterSlot slot) const { return places_[slot]; }
  std::size_t size() const { return places_.size(); }

  // Forgets the limit that is over first and returns whose it was; the request still waits. None if
  // no limit is over.
  std::optional<WaiterSlot> pop_due(TimePoint now) { return limits_.pop_due(now); }
  // When pop_due() may first find something: never later than the earliest limit.
  TimePoint next_deadline() const { return limits_.next(); }

  // A queue is a list of places in the order of arrival.
  void append_to(SlotList& queue, WaiterSlot slot) { queue.append(places_, slot); }
  void remove_from(SlotList& queue, WaiterSlot slot) { queue.remove(places_, slot); }
  bool is_whole(const SlotList& queue) const { return queue.is_whole(places_); }

  // The first violation, empty if none. For tests.
  std::string check() const {
    if (limits_.size() > size()) return "a time limit has no waiter";
    if (size() > arrivals_) return "a waiter never arrived";
    return {};
  }

 private:
  Slab<Waiter> places_;
  DeadlineQueue limits_;  // only of those that have one
  std::uint64_t arrivals_ = 0;
};

}  // namespace throttle
