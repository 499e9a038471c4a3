// Slots in the order in which they came, taken out anywhere.
#include "libthrottle/core/slot_list.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Item {
  SlotLinks links;
};

class List : public ::testing::Test {
 protected:
  Slot append() {
    const Slot slot = items.allocate();
    list.append(items, slot);
    return slot;
  }
  // From the oldest on; the list is proven with it.
  std::vector<Slot> all() const {
    EXPECT_TRUE(list.is_whole(items));
    std::vector<Slot> slots;
    for (Slot slot = list.oldest(); slot != kNoSlot; slot = items[slot].links.newer)
      slots.push_back(slot);
    return slots;
  }

  Slab<Item> items;
  SlotList list;
};

TEST_F(List, IsEmptyAtFirst) {
  EXPECT_TRUE(list.empty());
  EXPECT_THAT(all(), IsEmpty());
}

TEST_F(List, KeepsTheOrderOfArrival) {
  const Slot a = append(), b = append(), c = append();
  EXPECT_THAT(all(), ElementsAre(a, b, c));
  EXPECT_EQ(list.oldest(), a);
  EXPECT_EQ(list.newest(), c);
}

TEST_F(List, LosesItemsAnywhere) {
  const Slot a = append(), b = append(), c = append(), d = append();
  list.remove(items, b);
  EXPECT_THAT(all(), ElementsAre(a, c, d));
  list.remove(items, a);
  list.remove(items, d);
  EXPECT_THAT(all(), ElementsAre(c));
  list.remove(items, c);
  EXPECT_TRUE(list.empty());
  list.append(items, b);
  EXPECT_THAT(all(), ElementsAre(b));
}

}  // namespace
}  // namespace throttle
