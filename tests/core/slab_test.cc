// Slots with stable addresses and dense numbers.
#include "libthrottle/core/slab.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace throttle {
namespace {

TEST(Slab, NumbersAreDenseAndBeginAtZero) {
  Slab<int> slab;
  for (std::uint32_t i = 0; i < 1000; ++i)
    EXPECT_EQ(slab.allocate(), i);
  EXPECT_EQ(slab.size(), 1000U);
  EXPECT_GE(slab.capacity(), 1000U);
}

TEST(Slab, TheSlotReleasedLastIsReusedFirst) {
  Slab<int> slab;
  for (int i = 0; i < 10; ++i)
    slab.allocate();
  slab.release(3);
  slab.release(7);
  EXPECT_EQ(slab.allocate(), 7U);
  EXPECT_EQ(slab.allocate(), 3U);
  EXPECT_EQ(slab.allocate(), 10U);
}

TEST(Slab, AReusedSlotHoldsAFreshValue) {
  Slab<std::string> slab;
  const auto slot = slab.allocate();
  slab[slot] = "old";
  slab.release(slot);
  EXPECT_EQ(slab.allocate(), slot);
  EXPECT_EQ(slab[slot], "");
}

TEST(Slab, ReleasingDestroysWhatTheSlotHeld) {
  Slab<std::shared_ptr<int>> slab;
  const auto value = std::make_shared<int>(1);
  const auto slot = slab.allocate();
  slab[slot] = value;
  EXPECT_EQ(value.use_count(), 2);
  slab.release(slot);
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Slab, GrowingMovesNothing) {
  Slab<int> slab;
  const auto slot = slab.allocate();
  slab[slot] = 42;
  const int* const address = &slab[slot];
  for (int i = 0; i < 10'000; ++i)
    slab.allocate();
  EXPECT_EQ(&slab[slot], address);
  EXPECT_EQ(slab[slot], 42);
}

TEST(Slab, NoTwoLiveSlotsAreTheSame) {
  Slab<int> slab;
  std::set<std::uint32_t> live;
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const auto slot = slab.allocate();
    EXPECT_TRUE(live.insert(slot).second);
    order.push_back(slot);
    if (i % 3 == 2) {
      const auto released = order[i / 2];
      if (live.erase(released) > 0) slab.release(released);
    }
    EXPECT_EQ(slab.size(), live.size());
  }
}

TEST(Slab, AConstantSlabIsReadTheSameWay) {
  Slab<int> slab;
  slab[slab.allocate()] = 5;
  const Slab<int>& read_only = slab;
  EXPECT_EQ(read_only[0], 5);
}

}  // namespace
}  // namespace throttle
