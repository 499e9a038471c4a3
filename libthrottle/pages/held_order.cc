// A merge of sorted slices by a heap of their heads. Slices that are used up give their memory back
// at once, so the page shrinks as it is written.
#include "libthrottle/pages/held_order.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::pages {

void HeldOrder::add_slice(std::vector<HeldEntry> slice) {
  THROTTLE_CHECK(!merging_);
  if (slice.empty()) return;
  std::sort(slice.begin(), slice.end());
  slices_.push_back({std::move(slice)});
}

bool HeldOrder::later(std::size_t a, std::size_t b) const {
  return slices_[b].entries[slices_[b].next] < slices_[a].entries[slices_[a].next];
}

void HeldOrder::begin_merge() {
  merging_ = true;
  for (std::size_t i = 0; i < slices_.size(); ++i)
    heap_.push_back(i);
  std::make_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t a, std::size_t b) { return later(a, b); });
}

const HeldEntry* HeldOrder::first() {
  if (!merging_) begin_merge();
  if (heap_.empty()) return nullptr;
  THROTTLE_CHECK(heap_.front() < slices_.size());
  const Slice& slice = slices_[heap_.front()];
  THROTTLE_CHECK(slice.next < slice.entries.size());
  return &slice.entries[slice.next];
}

void HeldOrder::pop() {
  THROTTLE_CHECK(merging_ && !heap_.empty());
  const auto by_head = [this](std::size_t a, std::size_t b) { return later(a, b); };
  std::pop_heap(heap_.begin(), heap_.end(), by_head);
  Slice& slice = slices_[heap_.back()];
  if (++slice.next < slice.entries.size()) {
    std::push_heap(heap_.begin(), heap_.end(), by_head);
    return;
  }
  slice = {};
  heap_.pop_back();
}

}  // namespace throttle::pages
