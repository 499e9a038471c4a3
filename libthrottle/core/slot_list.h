// A doubly linked list of slots of a Slab, in the order in which they were appended: the queue of a
// semaphore, the parked requests of a peer.
//
// Idea: the links are a member `links` of the items, so a list costs two numbers, and taking an
// item out of the middle costs O(1) and no search. The list does not know its slab: the caller
// gives it to each operation. Invariants: an item is in at most one list; the oldest has no older
// one, the newest no newer one. Threads: one at a time.
#pragma once

#include <cstdint>
#include <limits>

#include "libthrottle/core/check.h"
#include "libthrottle/core/slab.h"

namespace throttle {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = std::numeric_limits<Slot>::max();

struct SlotLinks {
  Slot older = kNoSlot;
  Slot newer = kNoSlot;
};

class SlotList {
 public:
  bool empty() const { return oldest_ == kNoSlot; }
  Slot oldest() const { return oldest_; }
  Slot newest() const { return newest_; }

  // Appends an item that is in no list.
  template <typename T>
  void append(Slab<T>& items, Slot slot) {
    THROTTLE_CHECK(slot != newest_);
    items[slot].links = {.older = newest_};
    (newest_ == kNoSlot ? oldest_ : items[newest_].links.newer) = slot;
    newest_ = slot;
  }

  // Takes an item of this list out of it.
  template <typename T>
  void remove(Slab<T>& items, Slot slot) {
    const SlotLinks links = items[slot].links;
    THROTTLE_CHECK((links.older == kNoSlot) == (slot == oldest_));
    THROTTLE_CHECK((links.newer == kNoSlot) == (slot == newest_));
    (links.older == kNoSlot ? oldest_ : items[links.older].links.newer) = links.newer;
    (links.newer == kNoSlot ? newest_ : items[links.newer].links.older) = links.older;
    items[slot].links = {};
  }

  // Whether the links of all items agree with each other. O(items): for tests.
  template <typename T>
  bool is_whole(const Slab<T>& items) const {
    Slot older = kNoSlot;
    for (Slot slot = oldest_; slot != kNoSlot; slot = items[slot].links.newer) {
      if (items[slot].links.older != older) return false;
      older = slot;
    }
    return older == newest_;
  }

 private:
  Slot oldest_ = kNoSlot;
  Slot newest_ = kNoSlot;
};

}  // namespace throttle
