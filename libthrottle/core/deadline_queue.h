// Deadlines of numbered items, earliest first; equal ones in the order of arrival.
//
// A DeadlineHeap with the deadlines beside it, for owners that have no better place for them.
// Cost: moving a deadline later O(1), moving it earlier, insert and erase O(log n).
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "libthrottle/core/deadline_heap.h"
#include "libthrottle/core/time.h"

namespace throttle {

class DeadlineQueue {
 public:
  using Item = DeadlineHeap::Item;

  // Enters an item that is not in the queue.
  void insert(Item item, TimePoint when) {
    if (item >= deadlines_.size()) deadlines_.resize(std::size_t{item} + 1);
    deadlines_[item] = when;
    heap_.insert(item, when);
  }
  // Gives an item that is in the queue another deadline; its arrival stays.
  void move(Item item, TimePoint when) {
    if (when < deadlines_[item]) heap_.hasten(item, when);
    deadlines_[item] = when;
  }
  // Takes an item out; no item of that number is no error.
  void erase(Item item) { heap_.erase(item); }

  // Takes out the earliest item that is due (deadline <= now), or none.
  std::optional<Item> pop_due(TimePoint now) {
    return heap_.pop_due(now, [this](Item item) { return deadlines_[item]; });
  }

  bool contains(Item item) const { return heap_.contains(item); }
  // Of an item that is in the queue.
  TimePoint deadline(Item item) const { return deadlines_[item]; }
  std::size_t size() const { return heap_.size(); }
  // When pop_due may first find something: never later than the earliest deadline. kNever if empty.
  TimePoint next() const { return heap_.next(); }

 private:
  DeadlineHeap heap_;
  std::vector<TimePoint> deadlines_;
};

}  // namespace throttle
