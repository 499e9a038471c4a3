// When to look at numbered items whose deadlines their owner keeps: earliest first, equal ones in
// the order of arrival.
//
// Idea: a heap of (time, arrival, item) with the position of every item beside it. An owner
// that moves a deadline later, which heartbeats do all day, need not report it: when the entry
// comes up, the heap asks for the deadline and enters the item again. Only an earlier one must be
// reported (hasten). So the owner may keep the deadline wherever it is at hand anyway.
// Cost: later costs nothing; earlier, insert and erase O(log n); 28 bytes an item.
// Four branches a node: half the levels of two, and the branches share cache lines.
// Invariants: an item's entry is never later than its deadline; it has one entry at most.
// Threads: one at a time. DeadlineQueue is the same with the deadlines inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "libthrottle/core/time.h"

namespace throttle {

class DeadlineHeap {
 public:
  using Item = std::uint32_t;  // small and dense: the heap keeps a table indexed by it

  // Enters an item that is not in the heap.
  void insert(Item item, TimePoint when);
  // Looks at an item, which is in the heap, at `when` if it would have done so later only.
  void hasten(Item item, TimePoint when);
  // Takes an item out; no item of that number is no error.
  void erase(Item item);

  // Takes out the earliest item that is due (deadline <= now), or none. deadline_of(item) returns
  // the deadline that its owner keeps.
  template <typename DeadlineOf>
  std::optional<Item> pop_due(TimePoint now, DeadlineOf deadline_of) {
    while (!heap_.empty() && heap_.front().when <= now) {
      const Item item = heap_.front().item;
      const TimePoint deadline = deadline_of(item);
      if (deadline <= heap_.front().when) {
        erase(item);
        return item;
      }
      defer_first(deadline);
    }
    return std::nullopt;
  }

  bool contains(Item item) const { return item < positions_.size() && positions_[item] != kAbsent; }
  std::size_t size() const { return heap_.size(); }
  // When pop_due may first find something: never later than the earliest deadline. kNever if empty.
  TimePoint next() const { return heap_.empty() ? kNever : heap_.front().when; }

 private:
  using Position = std::uint32_t;
  static constexpr Position kBranches = 4;
  static constexpr Position kAbsent = std::numeric_limits<Position>::max();

  struct Entry {
    TimePoint when;
    std::uint64_t arrival;
    Item item;
    bool before(const Entry& other) const {
      return when != other.when ? when < other.when : arrival < other.arrival;
    }
  };

  void defer_first(TimePoint when);
  void place(Position position, const Entry& entry);
  void sift_up(Position position);
  void sift_down(Position position);

  std::vector<Position> positions_;
  std::vector<Entry> heap_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace throttle
