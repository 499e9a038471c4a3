// When to look at numbered items whose deadlines their owner keeps: earliest first, equal ones in
// the order of arrival. The same as a DeadlineHeap, for a million items: there, re-arming one
// costs a dozen cache misses.
//
// Idea: the farther a deadline, the less precisely it need be known. What is due within the present
// tick stands in a small heap. Everything else stands, unsorted, in a slot that covers a span of
// time: 64 slots of a tick each, 64 of eight ticks, and so on, to the end of time. When a slot's
// span begins, the slot is opened: the owner is asked for each item's deadline, and the item is
// filed anew, nearer to its end or, if it was renewed, as far away as before. So an owner that
// moves a deadline later, which heartbeats do all day, need not tell; only an earlier one must be
// told (hasten). Cost: later costs nothing; insert, hasten, erase and opening O(1) an item; an item
// is looked at about once a life. 20 bytes an item. Invariants: an item's slot never begins after
// its deadline; a slot that has begun is empty. An entry of the heap whose item was erased or filed
// elsewhere since means nothing, and goes when its time comes. After Linux' timer wheel
// (kernel/time/timer.c), which rounds up where this looks again. Threads: one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "libthrottle/core/time.h"

namespace throttle {

class DeadlineWheel {
 public:
  using Item = std::uint32_t;  // small and dense: the wheel keeps a table indexed by it

  // Enters an item that is not in the wheel.
  void insert(Item item, TimePoint when);
  // Looks at an item, which is in the wheel, at `when` if it would have done so later only.
  void hasten(Item item, TimePoint when);
  // Takes an item out; no item of that number is no error.
  void erase(Item item);

  // Takes out the earliest item that is due (deadline <= now < kNever), or none. deadline_of(item)
  // tells the deadline that its owner keeps.
  template <typename DeadlineOf>
  std::optional<Item> pop_due(TimePoint now, DeadlineOf deadline_of) {
    while (next_slot_ <= now) {
      for (const Item item : open_next())
        file(item, deadline_of(item));
    }
    opened_until_ = std::max(opened_until_, now);
    while (!soon_.empty() && soon_.front().when <= now) {
      const Soon first = pop_soon();
      if (!is_valid(first)) continue;
      const TimePoint deadline = deadline_of(first.item);
      if (deadline <= first.when) {
        erase(first.item);
        return first.item;
      }
      file(first.item, deadline);
    }
    return std::nullopt;
  }

  bool contains(Item item) const { return item < places_.size() && places_[item].slot != kNowhere; }
  std::size_t size() const { return size_; }
  // When pop_due may first find something: never later than the earliest deadline, and later than
  // the `now` of a pop_due that found nothing. kNever if empty.
  TimePoint next() const;

 private:
  using SlotIndex = std::uint16_t;  // level * kSlots + the place in the level
  using SpanNumber = std::int64_t;  // spans of a level, counted from the start of time

  static constexpr int kTickBits = 24;  // of the nanoseconds: a tick is 17 ms
  static constexpr int kLevelBits = 3;  // a span is eight of the level below
  static constexpr int kLevels = 13;    // as far as kNever
  static constexpr int kSlots = 64;     // of a level; the last bits of a span's number choose one
  static constexpr SlotIndex kSoon = kLevels * kSlots;
  static constexpr SlotIndex kNowhere = kSoon + 1;

  struct Place {
    std::uint64_t arrival = 0;
    std::uint32_t position = 0;  // in its slot
    SlotIndex slot = kNowhere;
  };
  // An item that is due within the present tick, or was.
  struct Soon {
    TimePoint when;
    std::uint64_t arrival;
    Item item;
    // The heaps of the standard library have the largest in front.
    bool operator<(const Soon& other) const {
      return when != other.when ? when > other.when : arrival > other.arrival;
    }
  };

  static SpanNumber span_at(TimePoint when, int level) {
    return when.time_since_epoch().count() >> (kTickBits + kLevelBits * level);
  }
  static TimePoint beginning(SpanNumber span, int level) {
    return TimePoint(Duration(span << (kTickBits + kLevelBits * level)));
  }
  // Slots in use lie less than a turn ahead, so each stands for one span.
  SpanNumber span_of(SlotIndex slot) const;

  void file(Item item, TimePoint when);
  void leave_slot(Item item);
  // Lets time pass until next_slot_; what stands in a slot that begins there is to be filed anew.
  std::vector<Item> open_next();
  void find_next_slot();
  Soon pop_soon();
  bool is_valid(const Soon& entry) const {
    const Place& place = places_[entry.item];
    return place.slot == kSoon && place.arrival == entry.arrival;
  }

  std::array<std::vector<Item>, kLevels * kSlots> slots_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit for each slot with items
  std::vector<Soon> soon_;                         // a heap
  std::vector<Place> places_;                      // by item
  TimePoint opened_until_{};
  TimePoint next_slot_ = kNever;  // when one begins; never later than the first with items
  std::uint64_t arrivals_ = 0;
  std::size_t size_ = 0;
};

}  // namespace throttle
