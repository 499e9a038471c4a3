// Puts leases in the order of the page /leases: by semaphore, and for each the oldest first.
//
// A million entries cannot be sorted in one turn of the loop. So each slice of a walk is sorted on
// its own, and the slices are merged as the page is written: every step is short. An entry takes 24
// bytes, less than a tenth of what the ledger needs for its peer. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/time.h"

namespace throttle::pages {

struct HeldEntry {
  std::uint32_t semaphore = 0;  // its place on the page
  TimePoint since;
  PeerId peer = 0;

  friend bool operator<(const HeldEntry& a, const HeldEntry& b) {
    return std::tie(a.semaphore, a.since, a.peer) < std::tie(b.semaphore, b.since, b.peer);
  }
};

class HeldOrder {
 public:
  // In any order. Not after the first call of first() or pop().
  void add_slice(std::vector<HeldEntry> slice);
  // The first entry of all; none if there is none left.
  const HeldEntry* first();
  // Takes it out.
  void pop();

 private:
  struct Slice {
    std::vector<HeldEntry> entries;
    std::size_t next = 0;
  };
  // For a heap whose front is the slice with the first entry.
  bool later(std::size_t a, std::size_t b) const;
  void begin_merge();

  std::vector<Slice> slices_;
  std::vector<std::size_t> heap_;
  bool merging_ = false;
};

}  // namespace throttle::pages
