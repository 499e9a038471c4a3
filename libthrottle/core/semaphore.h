// One semaphore: what is held of it, what waits for it, and what fits.
//
// Two sums. Each lease is counted by hold() and give_back(), each waiter by enqueue() and
// dequeue(). So what is held and what is pending are numbers that are read, never sums that are
// made again. They are exact even where restored leases bring them beyond 64 bits (wide_sum.h).
//
// One queue. All waiters are linked in the order of arrival. The order of service is read off it:
//
//     kFifo   the oldest first
//     kLifo   the newest first
//     kFair   each client address in turn, and of each the oldest; FairTurns keeps whose turn it is
//
// head() is the waiter that is served next. Nobody is served before it, whatever fits: so a large
// count is not starved by small ones. A reload may change the order (arrange()), and nobody loses a
// place by that.
//
// Configured, retired, gone. A reload that does not name a semaphore retires it: nothing is granted
// on it any more. With its last lease it is gone, until a reload names it again. Pauses are counted
// apart from that: they survive a reload.
//
// Here nothing is decided and nobody is notified: ledger_turn.cc grants, LedgerState reports.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "libthrottle/core/address.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/fair_turns.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/waiters.h"
#include "libthrottle/core/wide_sum.h"

namespace throttle {

class Semaphore {
 public:
  // Retired until it is configured.
  explicit Semaphore(SemaphoreIndex index) : index_(index) {}

  SemaphoreIndex index() const { return index_; }
  std::string_view name() const { return settings_.name; }
  const SemaphoreSettings& settings() const { return settings_; }

  // --- configuration ---
  // Another order becomes the order of the queue with arrange(), which the caller calls next.
  void configure(const SemaphoreSettings& settings);
  void retire() { retired_ = true; }
  bool retired() const { return retired_; }
  // Retired, and nothing is left of it.
  bool gone() const { return retired_ && leases_ == 0; }

  // Whether this is the first pause in force.
  bool pause() { return pauses_++ == 0; }
  // Whether this ends the last pause in force. One is in force.
  bool resume() {
    THROTTLE_CHECK(pauses_ > 0);
    return --pauses_ == 0;
  }
  bool paused() const { return pauses_ > 0; }

  // --- leases ---
  void hold(Count count) {
    THROTTLE_CHECK(count >= 0);
    acquired_.add(count);
    ++leases_;
  }
  // `count` was held.
  void give_back(Count count) {
    THROTTLE_CHECK(leases_ > 0);
    acquired_.subtract(count);
    --leases_;
  }
  void count_grant() { ++granted_; }
  const WideSum& acquired() const { return acquired_; }
  std::size_t leases() const { return leases_; }
  // Grants since the start.
  std::uint64_t granted() const { return granted_; }

  // More than it could ever have at this size, and not content to wait for another size. A closed
  // semaphore (full count 0) will be opened again.
  bool never_fits(Count count, Oversize oversize) const {
    const bool closed = settings_.full_count <= 0;
    return !closed && count > settings_.full_count && oversize == Oversize::kRefused;
  }
  // Whether a lease of this count is within the full count.
  bool fits(Count count) const { return count <= remainder(); }
  // Full count less leases; negative after a restore or a lowered limit.
  Count remainder() const {
    const Count held = acquired_.value();  // never negative, so only the lower end can overflow
    constexpr Count kLeast = std::numeric_limits<Count>::min();
    return settings_.full_count < kLeast + held ? kLeast : settings_.full_count - held;
  }
  // How much is held beyond the full count.
  Count over_commit() const;

  // What the last event said of it.
  struct Excess {
    Count count = 0;
    TimePoint since = {};  // where there is one
  };
  const Excess& excess() const { return excess_; }
  void set_excess(const Excess& excess) { excess_ = excess; }

  // --- the queue; `waiters` is always the same ---
  std::size_t waiting() const { return waiting_; }
  const WideSum& pending() const { return pending_; }
  bool is_full() const { return waiting_ >= settings_.max_pending; }
  // Whether a request that arrives now would be the head.
  bool serves_next_arrival() const { return waiting_ == 0 || settings_.order == QueueOrder::kLifo; }
  // The waiter that is served next; somebody waits.
  WaiterSlot head() const {
    THROTTLE_CHECK(waiting_ > 0);
    if (turns_ != nullptr) return turns_->head();
    return settings_.order == QueueOrder::kLifo ? queue_.newest() : queue_.oldest();
  }
  // In the order of arrival.
  const SlotList& queue() const { return queue_; }
  // The functions that follow need the client address only of a queue that takes turns.
  bool takes_turns() const { return turns_ != nullptr; }

  // Appends a request for this semaphore, from a peer at `client`; it is due at `limit`.
  WaiterSlot enqueue(Waiters& waiters, const Waiter& waiter, TimePoint limit,
                     const IpAddress& client);
  // Takes a request of this queue out of it, wherever it is, and returns it.
  Waiter dequeue(Waiters& waiters, WaiterSlot slot, const IpAddress& client);
  // A request of this client was served: other clients come first now.
  void end_turn(const IpAddress& client);
  // Makes the structure of the order that is configured, with those that wait already.
  // client_of(waiter) returns the client address of a waiter.
  template <typename ClientOf>
  void arrange(const Waiters& waiters, ClientOf client_of) {
    const bool fair = settings_.order == QueueOrder::kFair;
    if (fair == takes_turns()) return;
    turns_ = fair ? std::make_unique<FairTurns>() : nullptr;
    for (WaiterSlot slot = queue_.oldest(); fair && slot != kNoSlot;
         slot = waiters[slot].links.newer) {
      turns_->add(turn_of(client_of(waiters[slot])), waiters[slot].arrival, slot);
    }
  }
  // Calls `visit` with each slot, in the order in which they would be served.
  template <typename Visitor>
  void visit_queue(const Waiters& waiters, Visitor visit) const {
    if (turns_ != nullptr) return turns_->visit(visit);
    const bool newest_first = settings_.order == QueueOrder::kLifo;
    const auto after = newest_first ? &SlotLinks::older : &SlotLinks::newer;
    for (WaiterSlot slot = newest_first ? queue_.newest() : queue_.oldest(); slot != kNoSlot;
         slot = waiters[slot].links.*after)
      visit(slot);
  }

  // Proves that the queue is whole, in the order of arrival and sums up to what is pending. The
  // first violation, empty if none. O(waiters): for tests.
  std::string check(const Waiters& waiters) const;

 private:
  // Whose turn a client takes part in: IPv4 by address, IPv6 by /64.
  static IpAddress turn_of(const IpAddress& client);

  SemaphoreIndex index_;
  bool retired_ = true;
  std::size_t pauses_ = 0;
  WideSum acquired_;
  WideSum pending_;
  std::size_t leases_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t granted_ = 0;
  Excess excess_;
  SlotList queue_;
  std::unique_ptr<FairTurns> turns_;  // if and only if the order was kFair at the last arrange()
  SemaphoreSettings settings_;
};

}  // namespace throttle
