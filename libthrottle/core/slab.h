// Slots of T with stable addresses and dense numbers, reused in last-in-first-out order.
//
// Idea: chunks that never move, and a free list of numbers; so a slot costs its size and 4 bytes, a
// look-up one shift and one mask, and growing never moves an item.
// Invariant: a number is in use or in the free list. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"

namespace throttle {

template <typename T>
class Slab {
 public:
  using Index = std::uint32_t;

  // A slot that holds a fresh T.
  Index allocate() {
    if (free_.empty()) grow();
    const Index index = free_.back();
    free_.pop_back();
    return index;
  }

  // Gives the slot back; what it held is destroyed.
  void release(Index index) {
    THROTTLE_CHECK(index < capacity() && size() > 0);
    (*this)[index] = T{};
    free_.push_back(index);
  }

  T& operator[](Index index) { return chunks_[index >> kShift][index & kMask]; }
  const T& operator[](Index index) const { return chunks_[index >> kShift][index & kMask]; }

  // Numbers handed out so far are below this.
  std::size_t capacity() const { return chunks_.size() << kShift; }
  std::size_t size() const { return capacity() - free_.size(); }

 private:
  static constexpr Index kShift = 8;
  static constexpr Index kMask = (Index{1} << kShift) - 1;

  void grow() {
    const auto first = static_cast<Index>(capacity());
    chunks_.push_back(std::make_unique<T[]>(std::size_t{1} << kShift));
    for (Index i = Index{1} << kShift; i > 0; --i)
      free_.push_back(first + i - 1);
  }

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<Index> free_;
};

}  // namespace throttle
