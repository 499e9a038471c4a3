// When to look at items whose deadlines their owner keeps: earliest first, equal ones in the order
// of arrival. What a DeadlineHeap is, for a million items: there, to re-arm one costs a dozen cache
// misses.
//
// Idea: the farther a deadline, the less precisely it need be known. What is due within the present
// tick is in a small heap. Everything else is, unsorted, in slots that cover a span of time
// each: 64 of one tick, 64 of eight ticks, and so on, to the end of time. When its span begins, a
// slot is opened: the owner is asked for the deadline of each item, and the item is filed again,
// nearer to its end or, if it was renewed, as far away as before. So an owner that moves a deadline
// later, which heartbeats do all day, need not report it; only an earlier one must be (hasten).
// Cost: later costs nothing, the rest O(1) an item; an item is looked at about once a life. 8 bytes
// beside the item itself.
// Invariants: an item's slot never begins after its deadline; a slot that has begun is empty. An
// entry of the heap whose item was erased or filed elsewhere since means nothing, and goes when its
// time comes. So the memory of an item outlives the wheel, as that of a Slab does.
// After Linux' timer wheel (kernel/time/timer.c), which rounds up where this looks again.
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libthrottle/core/time.h"

namespace throttle {

class DeadlineWheel {
  using SlotIndex = std::uint16_t;  // level * kSlots + the place in the level
  using SpanNumber = std::int64_t;  // spans of a level, counted from the start of time

  static constexpr unsigned kTickBits = 24;  // of the nanoseconds: a tick is 17 ms
  static constexpr unsigned kLevelBits = 3;  // a span is eight of the level below
  static constexpr unsigned kLevels = 13;    // as far as kNever
  static constexpr unsigned kSlots = 64;     // of a level: a bit each of a word
  static constexpr SlotIndex kSoon = kLevels * kSlots;
  static constexpr SlotIndex kNowhere = kSoon + 1;

 public:
  // To be the base of what has a deadline.
  class Item {
   public:
    bool is_armed() const { return slot_ != kNowhere; }

   private:
    friend DeadlineWheel;
    std::uint64_t arrival_ = 0;
    std::uint32_t position_ = 0;  // in its slot
    SlotIndex slot_ = kNowhere;
  };

  // Enters an item that is not in the wheel.
  void insert(Item& item, TimePoint when);
  // Looks at an item, which is in the wheel, at `when` if it would have done so later only.
  void hasten(Item& item, TimePoint when);
  // Takes an item out; one that is not in is no error.
  void erase(Item& item);

  // Takes out the earliest item that is due (deadline <= now < kNever); null if none is.
  // deadline_of(item) returns the deadline that its owner keeps.
  template <typename DeadlineOf>
  Item* pop_due(TimePoint now, DeadlineOf deadline_of) {
    while (next_slot_ <= now)
      file_anew(open_next(), deadline_of);
    opened_until_ = std::max(opened_until_, now);
    while (!soon_.empty() && soon_.front().when <= now) {
      const Soon first = pop_soon();
      if (!first.is_valid()) continue;
      const TimePoint deadline = deadline_of(*first.item);
      if (deadline <= first.when) {
        erase(*first.item);
        return first.item;
      }
      file(*first.item, deadline);
    }
    return nullptr;
  }

  std::size_t size() const { return size_; }
  // When pop_due may first find something: never later than the earliest deadline, and later than
  // the `now` of a pop_due that found nothing. kNever if empty.
  TimePoint next() const {
    if (size_ == 0) return kNever;
    return soon_.empty() ? next_slot_ : std::min(next_slot_, soon_.front().when);
  }

 private:
  // An item that is due within the present tick, or was.
  struct Soon {
    TimePoint when;
    std::uint64_t arrival;
    Item* item;
    bool is_valid() const { return item->slot_ == kSoon && item->arrival_ == arrival; }
    // The heaps of the standard library have the largest in front.
    bool operator<(const Soon& other) const {
      return when != other.when ? when > other.when : arrival > other.arrival;
    }
  };

  static SpanNumber span_at(TimePoint when, unsigned level) {
    return when.time_since_epoch().count() >> (kTickBits + kLevelBits * level);
  }
  static TimePoint beginning(SpanNumber span, unsigned level) {
    return TimePoint(Duration(span << (kTickBits + kLevelBits * level)));
  }
  // The slot of a span, in its level. Spans in use lie less than a turn ahead, so no two share one.
  static unsigned slot_of(SpanNumber span) { return static_cast<unsigned>(span) % kSlots; }
  // When the items of this slot have to be looked at.
  TimePoint beginning(SlotIndex slot) const;

  // All answers of a batch are asked for before the first is used, so that their cache misses
  // overlap.
  template <typename DeadlineOf>
  void file_anew(const std::vector<Item*>& items, DeadlineOf deadline_of) {
    std::array<TimePoint, 64> deadlines;
    for (std::span<Item* const> rest = items; !rest.empty();) {
      const auto batch = rest.first(std::min(rest.size(), deadlines.size()));
      for (std::size_t i = 0; i < batch.size(); ++i)
        deadlines[i] = deadline_of(*batch[i]);
      for (std::size_t i = 0; i < batch.size(); ++i)
        file(*batch[i], deadlines[i]);
      rest = rest.subspan(batch.size());
    }
  }

  void file(Item& item, TimePoint when);
  void leave_slot(const Item& item);
  // Lets time pass until next_slot_; the items of a slot that begins there have to be filed again.
  std::vector<Item*> open_next();
  void find_next_slot();
  Soon pop_soon();

  std::array<std::vector<Item*>, kLevels * kSlots> slots_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit for each slot with items
  std::vector<Soon> soon_;                         // a heap
  TimePoint opened_until_{};
  TimePoint next_slot_ = kNever;  // when one begins; never later than the first with items
  std::uint64_t arrivals_ = 0;
  std::size_t size_ = 0;
};

}  // namespace throttle
