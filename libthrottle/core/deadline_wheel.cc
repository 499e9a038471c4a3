// The slots of the wheel: where an item belongs, and how a slot is opened when its time comes.
#include "libthrottle/core/deadline_wheel.h"

#include <bit>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle {

void DeadlineWheel::insert(Item& item, TimePoint when) {
  THROTTLE_CHECK(!item.is_armed());
  item.arrival_ = arrivals_++;
  ++size_;
  file(item, when);
}

void DeadlineWheel::hasten(Item& item, TimePoint when) {
  THROTTLE_CHECK(item.is_armed());
  if (item.slot_ != kSoon) {
    if (beginning(item.slot_) <= when) return;
    leave_slot(item);
  }
  file(item, when);
}

void DeadlineWheel::erase(Item& item) {
  if (!item.is_armed()) return;
  if (item.slot_ != kSoon) leave_slot(item);
  item.slot_ = kNowhere;
  --size_;
}

TimePoint DeadlineWheel::beginning(SlotIndex slot) const {
  const unsigned level = slot / kSlots;
  const SpanNumber present = span_at(opened_until_, level);
  return beginning(present + (slot - slot_of(present)) % kSlots, level);
}

void DeadlineWheel::file(Item& item, TimePoint when) {
  if (span_at(when, 0) <= span_at(opened_until_, 0)) {
    item.slot_ = kSoon;
    soon_.push_back({when, item.arrival_, &item});
    std::push_heap(soon_.begin(), soon_.end());
    return;
  }
  unsigned level = 0;
  while (span_at(when, level) - span_at(opened_until_, level) >= SpanNumber{kSlots})
    ++level;
  const SpanNumber span = span_at(when, level);
  const unsigned slot = slot_of(span);
  item.slot_ = static_cast<SlotIndex>(level * kSlots + slot);
  item.position_ = static_cast<std::uint32_t>(slots_[item.slot_].size());
  slots_[item.slot_].push_back(&item);
  occupied_[level] |= std::uint64_t{1} << slot;
  next_slot_ = std::min(next_slot_, beginning(span, level));
}

void DeadlineWheel::leave_slot(const Item& item) {
  std::vector<Item*>& items = slots_[item.slot_];
  items[item.position_] = items.back();
  items.back()->position_ = item.position_;
  items.pop_back();
  if (items.empty()) occupied_[item.slot_ / kSlots] &= ~(std::uint64_t{1} << item.slot_ % kSlots);
}

std::vector<DeadlineWheel::Item*> DeadlineWheel::open_next() {
  opened_until_ = next_slot_;
  std::vector<Item*> items;
  for (unsigned level = 0; level < kLevels && items.empty(); ++level) {
    const unsigned slot = slot_of(span_at(opened_until_, level));
    occupied_[level] &= ~(std::uint64_t{1} << slot);
    items.swap(slots_[level * kSlots + slot]);
  }
  find_next_slot();
  return items;
}

void DeadlineWheel::find_next_slot() {
  next_slot_ = kNever;
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const SpanNumber present = span_at(opened_until_, level);
    const int turn = static_cast<int>(slot_of(present));
    const int ahead = std::countr_zero(std::rotr(occupied_[level], turn));
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
