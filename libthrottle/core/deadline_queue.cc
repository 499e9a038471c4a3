#include "libthrottle/core/deadline_queue.h"

#include "libthrottle/core/check.h"

namespace throttle {

void DeadlineQueue::insert(Item item, TimePoint when) {
  if (item >= nodes_.size()) nodes_.resize(std::size_t{item} + 1);
  THROTTLE_CHECK(nodes_[item].position == kAbsent);
  const auto position = static_cast<std::uint32_t>(heap_.size());
  nodes_[item].wanted = when;
  heap_.push_back(Entry{when, arrivals_++, item});
  place(position, heap_.back());
  sift_up(position);
}

void DeadlineQueue::erase(Item item) {
  if (contains(item)) remove_at(nodes_[item].position);
}

std::optional<DeadlineQueue::Item> DeadlineQueue::pop_due(TimePoint now) {
  while (!heap_.empty() && heap_.front().when <= now) {
    Entry first = heap_.front();
    const TimePoint wanted = nodes_[first.item].wanted;
    if (wanted == first.when) {
      remove_at(0);
      return first.item;
    }
    first.when = wanted;
    place(0, first);
    sift_down(0);
  }
  return std::nullopt;
}

void DeadlineQueue::sift_earlier(Item item) {
  const std::uint32_t position = nodes_[item].position;
  THROTTLE_CHECK(position != kAbsent);
  Entry entry = heap_[position];
  entry.when = nodes_[item].wanted;
  place(position, entry);
  sift_up(position);
}

// Writes the entry at its position and notes both beside it. `entry` may alias heap_[position].
void DeadlineQueue::place(std::uint32_t position, const Entry& entry) {
  Node& node = nodes_[entry.item];
  node.armed = entry.when;
  node.position = position;
  heap_[position] = entry;
}

void DeadlineQueue::sift_up(std::uint32_t position) {
  const Entry entry = heap_[position];
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 2;
    if (!entry.before(heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void DeadlineQueue::sift_down(std::uint32_t position) {
  const Entry entry = heap_[position];
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    std::uint32_t child = 2 * position + 1;
    if (child >= size) break;
    if (child + 1 < size && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(entry)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

void DeadlineQueue::remove_at(std::uint32_t position) {
  nodes_[heap_[position].item].position = kAbsent;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  place(position, last);
  sift_up(position);
  sift_down(nodes_[last.item].position);
}

}  // namespace throttle
