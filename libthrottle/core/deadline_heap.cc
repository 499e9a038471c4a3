// A binary heap by (time, arrival) that knows the position of each item.
#include "libthrottle/core/deadline_heap.h"

#include <algorithm>

#include "libthrottle/core/check.h"

namespace throttle {

void DeadlineHeap::insert(Item item, TimePoint when) {
  if (item >= positions_.size()) positions_.resize(std::size_t{item} + 1, kAbsent);
  THROTTLE_CHECK(positions_[item] == kAbsent);
  const auto position = static_cast<Position>(heap_.size());
  heap_.push_back(Entry{when, arrivals_++, item});
  positions_[item] = position;
  sift_up(position);
}

void DeadlineHeap::hasten(Item item, TimePoint when) {
  THROTTLE_CHECK(contains(item));
  const Position position = positions_[item];
  if (when >= heap_[position].when) return;
  heap_[position].when = when;
  sift_up(position);
}

void DeadlineHeap::erase(Item item) {
  if (!contains(item)) return;
  const Position position = positions_[item];
  positions_[item] = kAbsent;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.item == item) return;
  place(position, last);
  sift_up(position);
  sift_down(positions_[last.item]);
}

void DeadlineHeap::defer_first(TimePoint when) {
  heap_.front().when = when;
  sift_down(0);
}

void DeadlineHeap::place(Position position, const Entry& entry) {
  heap_[position] = entry;
  positions_[entry.item] = position;
}

void DeadlineHeap::sift_up(Position position) {
  const Entry entry = heap_[position];
  while (position > 0) {
    const Position parent = (position - 1) / kBranches;
    if (!entry.before(heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void DeadlineHeap::sift_down(Position position) {
  const Entry entry = heap_[position];
  const auto size = static_cast<Position>(heap_.size());
  for (;;) {
    const Position first = kBranches * position + 1;
    if (first >= size) break;
    Position earliest = first;
    for (Position child = first + 1; child < std::min(first + kBranches, size); ++child) {
      if (heap_[child].before(heap_[earliest])) earliest = child;
    }
    if (!heap_[earliest].before(entry)) break;
    place(position, heap_[earliest]);
    position = earliest;
  }
  place(position, entry);
}

}  // namespace throttle
