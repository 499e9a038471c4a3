// The merge of sorted slices must be the sorted whole.
#include "libthrottle/pages/held_order.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::pages {
namespace {

std::vector<PeerId> drained(HeldOrder& order) {
  std::vector<PeerId> peers;
  for (const HeldEntry* entry = order.first(); entry != nullptr; entry = order.first()) {
    peers.push_back(entry->peer);
    order.pop();
  }
  return peers;
}

TEST(HeldOrder, WithoutSlicesThereIsNothing) {
  HeldOrder order;
  order.add_slice({});
  EXPECT_EQ(order.first(), nullptr);
}

TEST(HeldOrder, MergesSlicesBySemaphoreThenAge) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  HeldOrder order;
  std::vector<HeldEntry> all;
  for (int slice = 0; slice < 20; ++slice) {
    std::vector<HeldEntry> entries;
    for (std::uint64_t left = random() % 50; left > 0; --left) {
      entries.push_back({static_cast<std::uint32_t>(random() % 3),
                         TimePoint(Duration(random() % 100)), all.size() + entries.size()});
    }
    all.insert(all.end(), entries.begin(), entries.end());
    order.add_slice(std::move(entries));
  }
  std::sort(all.begin(), all.end());
  std::vector<PeerId> expected;
  expected.reserve(all.size());
  for (const HeldEntry& entry : all)
    expected.push_back(entry.peer);
  EXPECT_EQ(drained(order), expected);
}

}  // namespace
}  // namespace throttle::pages
