// Items found by their ids, wherever growing and erasing have moved them.
#include "libthrottle/core/id_table.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/core/hash.h"

namespace throttle {
namespace {

struct Item : Identified {
  using Identified::Identified;
  int value = 0;
};

using Table = IdTable<Item>;

// Expects the table to hold these values by these ids, and nothing else.
void expect_holds(const Table& table, const std::map<std::uint64_t, int>& expected) {
  EXPECT_EQ(table.size(), expected.size());
  for (const auto& [id, value] : expected) {
    const Item* const item = table.find(id);
    ASSERT_NE(item, nullptr) << id;
    EXPECT_EQ(item->value, value) << id;
  }
  std::map<std::uint64_t, int> visited;
  table.visit([&](const Item& item) {
    EXPECT_TRUE(visited.emplace(item.id(), item.value).second) << item.id();
  });
  EXPECT_EQ(visited, expected);
}

// Ids whose hashes agree in these bits.
std::vector<std::uint64_t> alike(std::size_t number, std::uint64_t mask, std::uint64_t bits) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t id = 0; ids.size() < number; ++id) {
    if ((mix64(id) & mask) == bits) ids.push_back(id);
  }
  return ids;
}

// For each of the ids: whether the others are found once it is erased, and it is not.
void expect_each_can_be_erased(const std::vector<std::uint64_t>& ids) {
  for (const std::uint64_t erased : ids) {
    Table table;
    std::map<std::uint64_t, int> expected;
    for (const std::uint64_t id : ids) {
      const int value = static_cast<int>(expected.size());
      table.insert(id).value = value;
      expected.emplace(id, value);
    }
    expect_holds(table, expected);
    table.erase(*table.find(erased));
    expected.erase(erased);
    EXPECT_EQ(table.find(erased), nullptr);
    expect_holds(table, expected);
  }
}

TEST(IdTable, IsEmptyAtFirst) {
  const Table table;
  EXPECT_EQ(table.find(0), nullptr);
  expect_holds(table, {});
}

TEST(IdTable, TakesAnyIdAndGivesItAFreshItem) {
  Table table;
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(table.insert(id).id(), id);
    EXPECT_EQ(table.find(id)->value, 0);
  }
}

TEST(IdTable, AnIdThatComesAgainFindsNothingOfTheFormerItem) {
  Table table;
  table.insert(7).value = 1;
  table.erase(*table.find(7));
  EXPECT_EQ(table.insert(7).value, 0);
}

TEST(IdTable, ItemsOfOneHomeAreToldApart) {
  expect_each_can_be_erased(alike(8, 0xf, 3));
}

TEST(IdTable, ItemsOfOneHomeAndOneTagAreToldApart) {
  expect_each_can_be_erased(alike(4, 0xff0000000000000fU, 0x4200000000000003U));
}

TEST(IdTable, ARowOfItemsGoesOnFromTheLastPlaceToTheFirst) {
  std::vector<std::uint64_t> ids = alike(4, 0xf, 15);
  for (const std::uint64_t id : alike(3, 0xf, 0))
    ids.push_back(id);
  for (const std::uint64_t id : alike(2, 0xf, 14))
    ids.push_back(id);
  expect_each_can_be_erased(ids);
}

TEST(IdTable, HoldsWhatAMapHoldsAfterManyInsertionsAndErasures) {
  Table table;
  std::map<std::uint64_t, int> expected;
  std::mt19937_64 random(1);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t id = random() % 4'000;
    if (Item* const item = table.find(id)) {
      EXPECT_EQ(item->value, expected.at(id));
      table.erase(*item);
      expected.erase(id);
    } else {
      EXPECT_EQ(expected.count(id), 0U);
      table.insert(id).value = step;
      expected.emplace(id, step);
    }
    if (step % 1'000 == 0) expect_holds(table, expected);
  }
  expect_holds(table, expected);
}

// Fails where the test says so.
template <typename T>
class ShortAllocator : public std::allocator<T> {
 public:
  static bool is_short;

  ShortAllocator() = default;
  template <typename U>
  explicit ShortAllocator(const ShortAllocator<U>&) {}
  template <typename U>
  struct rebind {  // NOLINT(readability-identifier-naming): the standard library asks for it
    using other = ShortAllocator<U>;
  };

  T* allocate(std::size_t number) {
    if (is_short) throw std::bad_alloc();  // tidy-allow: no-throw, as an allocator has to
    return std::allocator<T>::allocate(number);
  }
};
template <typename T>
bool ShortAllocator<T>::is_short = false;

using ShortTable = IdTable<Item, ShortAllocator>;

// One of the two tables that grow together cannot be had.
template <typename Part>
void expect_lives_without_growing() {
  ShortTable table;
  std::uint64_t id = 0;
  ShortAllocator<Part>::is_short = true;
  while (table.has_room())
    table.insert(++id).value = 7;
  EXPECT_EQ(table.size(), 15U);  // of the 16 places that it begins with
  ShortAllocator<Part>::is_short = false;
  table.erase(*table.find(id));
  EXPECT_TRUE(table.has_room());
  for (; id < 1000; ++id)
    table.insert(id).value = 7;
  for (std::uint64_t each = 1; each < id; ++each) {
    ASSERT_NE(table.find(each), nullptr) << each;
    EXPECT_EQ(table.find(each)->value, 7) << each;
  }
}

TEST(IdTableTest, LivesWithoutMemoryForItsItems) {
  expect_lives_without_growing<Item>();
}

TEST(IdTableTest, LivesWithoutMemoryForItsTags) {
  expect_lives_without_growing<std::uint8_t>();
}

}  // namespace
}  // namespace throttle
