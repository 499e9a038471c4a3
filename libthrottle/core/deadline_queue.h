// Deadlines of numbered items, earliest first; equal ones in the order of arrival.
//
// Idea: a binary heap of (time, arrival, item) with the position of every item beside it. Moving a
// deadline later, which heartbeats do all day, only writes the wanted time; the entry in the heap
// is re-armed when it comes up. Moving it earlier sifts at once. Cost: later O(1), earlier, insert
// and erase O(log n); 48 bytes an item. Invariants: an armed time is never later than the wanted
// one; an item has one entry at most. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "libthrottle/core/time.h"

namespace throttle {

class DeadlineQueue {
 public:
  using Item = std::uint32_t;  // small and dense: the queue keeps a table indexed by it

  // Enters an item that is not in the queue.
  void insert(Item item, TimePoint when);
  // Gives an item that is in the queue another deadline; its arrival stays.
  void move(Item item, TimePoint when) {
    Node& node = nodes_[item];
    node.wanted = when;
    if (when < node.armed) sift_earlier(item);
  }
  // Takes an item out; no item of that number is no error.
  void erase(Item item);

  // Takes out the earliest item that is due (deadline <= now), or none.
  std::optional<Item> pop_due(TimePoint now);

  bool contains(Item item) const {
    return item < nodes_.size() && nodes_[item].position != kAbsent;
  }
  TimePoint deadline(Item item) const { return nodes_[item].wanted; }
  std::size_t size() const { return heap_.size(); }
  // When pop_due may first find something: never later than the earliest deadline. kNever if empty.
  TimePoint next() const { return heap_.empty() ? kNever : heap_.front().when; }

 private:
  static constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();

  struct Node {
    TimePoint wanted{};
    TimePoint armed{};
    std::uint32_t position = kAbsent;
  };
  struct Entry {
    TimePoint when;
    std::uint64_t arrival;
    Item item;
    bool before(const Entry& other) const {
      return when != other.when ? when < other.when : arrival < other.arrival;
    }
  };

  void sift_earlier(Item item);
  void place(std::uint32_t position, const Entry& entry);
  void sift_up(std::uint32_t position);
  void sift_down(std::uint32_t position);
  void remove_at(std::uint32_t position);

  std::vector<Node> nodes_;
  std::vector<Entry> heap_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace throttle
