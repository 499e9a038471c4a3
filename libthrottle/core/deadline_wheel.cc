#include "libthrottle/core/deadline_wheel.h"

#include <bit>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle {

void DeadlineWheel::insert(Item item, TimePoint when) {
  if (item >= places_.size()) places_.resize(std::size_t{item} + 1);
  THROTTLE_CHECK(!contains(item));
  places_[item].arrival = arrivals_++;
  ++size_;
  file(item, when);
}

void DeadlineWheel::hasten(Item item, TimePoint when) {
  THROTTLE_CHECK(contains(item));
  const SlotIndex slot = places_[item].slot;
  if (slot != kSoon) {
    if (beginning(span_of(slot), slot / kSlots) <= when) return;
    leave_slot(item);
  }
  file(item, when);
}

void DeadlineWheel::erase(Item item) {
  if (!contains(item)) return;
  if (places_[item].slot != kSoon) leave_slot(item);
  places_[item].slot = kNowhere;
  --size_;
}

TimePoint DeadlineWheel::next() const {
  if (size_ == 0) return kNever;
  return soon_.empty() ? next_slot_ : std::min(next_slot_, soon_.front().when);
}

DeadlineWheel::SpanNumber DeadlineWheel::span_of(SlotIndex slot) const {
  const SpanNumber present = span_at(opened_until_, slot / kSlots);
  return present + ((slot - present) & (kSlots - 1));
}

void DeadlineWheel::file(Item item, TimePoint when) {
  Place& place = places_[item];
  if (span_at(when, 0) <= span_at(opened_until_, 0)) {
    place.slot = kSoon;
    soon_.push_back({when, place.arrival, item});
    std::push_heap(soon_.begin(), soon_.end());
    return;
  }
  int level = 0;
  while (span_at(when, level) - span_at(opened_until_, level) >= kSlots)
    ++level;
  const SpanNumber span = span_at(when, level);
  const auto bit = static_cast<unsigned>(span & (kSlots - 1));
  place.slot = static_cast<SlotIndex>(level * kSlots + bit);
  place.position = static_cast<std::uint32_t>(slots_[place.slot].size());
  slots_[place.slot].push_back(item);
  occupied_[level] |= std::uint64_t{1} << bit;
  next_slot_ = std::min(next_slot_, beginning(span, level));
}

void DeadlineWheel::leave_slot(Item item) {
  const Place& place = places_[item];
  std::vector<Item>& items = slots_[place.slot];
  const Item last = items.back();
  items[place.position] = last;
  places_[last].position = place.position;
  items.pop_back();
  if (items.empty()) occupied_[place.slot / kSlots] &= ~(std::uint64_t{1} << place.slot % kSlots);
}

std::vector<DeadlineWheel::Item> DeadlineWheel::open_next() {
  opened_until_ = next_slot_;
  std::vector<Item> items;
  for (int level = 0; level < kLevels && items.empty(); ++level) {
    const auto bit = static_cast<unsigned>(span_at(opened_until_, level) & (kSlots - 1));
    occupied_[level] &= ~(std::uint64_t{1} << bit);
    items.swap(slots_[level * kSlots + bit]);
  }
  find_next_slot();
  return items;
}

void DeadlineWheel::find_next_slot() {
  next_slot_ = kNever;
  for (int level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const SpanNumber present = span_at(opened_until_, level);
    const int ahead = std::countr_zero(std::rotr(occupied_[level], present & (kSlots - 1)));
    next_slot_ = std::min(next_slot_, beginning(present + ahead, level));
  }
}

DeadlineWheel::Soon DeadlineWheel::pop_soon() {
  std::pop_heap(soon_.begin(), soon_.end());
  const Soon first = soon_.back();
  soon_.pop_back();
  return first;
}

}  // namespace throttle
