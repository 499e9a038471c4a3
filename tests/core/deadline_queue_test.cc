// The deadline queue, and by a thousand random steps against a list.
#include "libthrottle/core/deadline_queue.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using namespace std::chrono_literals;

TimePoint at(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

TEST(DeadlineQueue, IsEmptyAtFirst) {
  DeadlineQueue queue;
  EXPECT_EQ(queue.next(), kNever);
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_FALSE(queue.contains(0));
  EXPECT_EQ(queue.pop_due(at(1000)), std::nullopt);
}

TEST(DeadlineQueue, PopsTheEarliestFirst) {
  DeadlineQueue queue;
  queue.insert(1, at(30));
  queue.insert(2, at(10));
  queue.insert(3, at(20));
  EXPECT_EQ(queue.next(), at(10));
  EXPECT_EQ(queue.pop_due(at(100)), 2U);
  EXPECT_EQ(queue.pop_due(at(100)), 3U);
  EXPECT_EQ(queue.pop_due(at(100)), 1U);
  EXPECT_EQ(queue.pop_due(at(100)), std::nullopt);
}

TEST(DeadlineQueue, PopsNothingBeforeItsTime) {
  DeadlineQueue queue;
  queue.insert(7, at(10));
  EXPECT_EQ(queue.pop_due(at(10) - 1ns), std::nullopt);
  EXPECT_EQ(queue.pop_due(at(10)), 7U);
}

TEST(DeadlineQueue, PopsEqualsInTheOrderOfArrival) {
  DeadlineQueue queue;
  for (const DeadlineQueue::Item item : {5U, 3U, 9U, 1U, 7U})
    queue.insert(item, at(10));
  for (const DeadlineQueue::Item item : {5U, 3U, 9U, 1U, 7U})
    EXPECT_EQ(queue.pop_due(at(10)), item);
}

TEST(DeadlineQueue, MovingLaterIsOnlySeenWhenTheTimeComes) {
  DeadlineQueue queue;
  queue.insert(1, at(10));
  queue.move(1, at(50));
  EXPECT_EQ(queue.deadline(1), at(50));
  EXPECT_LE(queue.next(), at(50));
  EXPECT_EQ(queue.pop_due(at(49)), std::nullopt);
  EXPECT_EQ(queue.next(), at(50));
  EXPECT_EQ(queue.pop_due(at(50)), 1U);
}

TEST(DeadlineQueue, MovingEarlierIsSeenAtOnce) {
  DeadlineQueue queue;
  queue.insert(1, at(20));
  queue.insert(2, at(50));
  queue.move(2, at(10));
  EXPECT_EQ(queue.next(), at(10));
  EXPECT_EQ(queue.pop_due(at(10)), 2U);
}

TEST(DeadlineQueue, MovingLaterAndBackEndsAtTheLastWord) {
  DeadlineQueue queue;
  queue.insert(1, at(10));
  queue.move(1, at(90));
  queue.move(1, at(30));
  EXPECT_EQ(queue.pop_due(at(29)), std::nullopt);
  EXPECT_EQ(queue.pop_due(at(30)), 1U);
}

TEST(DeadlineQueue, MovingKeepsTheArrival) {
  DeadlineQueue queue;
  queue.insert(1, at(10));
  queue.insert(2, at(40));
  queue.move(1, at(40));
  EXPECT_EQ(queue.pop_due(at(40)), 1U);
  EXPECT_EQ(queue.pop_due(at(40)), 2U);
}

TEST(DeadlineQueue, ErasedItemsAreGone) {
  DeadlineQueue queue;
  queue.insert(1, at(10));
  queue.insert(2, at(20));
  queue.erase(1);
  queue.erase(1);
  queue.erase(99);
  EXPECT_FALSE(queue.contains(1));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.pop_due(at(100)), 2U);
}

TEST(DeadlineQueue, AnItemMayComeAgain) {
  DeadlineQueue queue;
  queue.insert(1, at(10));
  queue.erase(1);
  queue.insert(1, at(5));
  EXPECT_EQ(queue.pop_due(at(5)), 1U);
  queue.insert(1, at(7));
  EXPECT_EQ(queue.pop_due(at(7)), 1U);
}

TEST(DeadlineQueue, NeverIsNeverDue) {
  DeadlineQueue queue;
  queue.insert(1, kNever);
  EXPECT_EQ(queue.next(), kNever);
  EXPECT_EQ(queue.pop_due(kNever - 1ns), std::nullopt);
  queue.move(1, at(3));
  EXPECT_EQ(queue.pop_due(at(3)), 1U);
}

// The same by a list in the order of arrival.
class NaiveDeadlines {
 public:
  void insert(DeadlineQueue::Item item, TimePoint when) { entries_.push_back({item, when}); }
  void move(DeadlineQueue::Item item, TimePoint when) { find(item)->when = when; }
  void erase(DeadlineQueue::Item item) {
    std::erase_if(entries_, [item](const Entry& entry) { return entry.item == item; });
  }
  std::optional<DeadlineQueue::Item> pop_due(TimePoint now) {
    const auto first =
        std::min_element(entries_.begin(), entries_.end(),
                         [](const Entry& a, const Entry& b) { return a.when < b.when; });
    if (first == entries_.end() || first->when > now) return std::nullopt;
    const DeadlineQueue::Item item = first->item;
    entries_.erase(first);
    return item;
  }
  bool contains(DeadlineQueue::Item item) { return find(item) != entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  TimePoint next() const {
    TimePoint earliest = kNever;
    for (const Entry& entry : entries_)
      earliest = std::min(earliest, entry.when);
    return earliest;
  }

 private:
  struct Entry {
    DeadlineQueue::Item item;
    TimePoint when;
  };
  std::vector<Entry>::iterator find(DeadlineQueue::Item item) {
    return std::find_if(entries_.begin(), entries_.end(),
                        [item](const Entry& entry) { return entry.item == item; });
  }
  std::vector<Entry> entries_;
};

class RandomDeadlines : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomDeadlines, AgreeWithAList) {
  std::mt19937 random(GetParam());
  const auto below = [&random](int limit) { return static_cast<int>(random() % unsigned(limit)); };
  DeadlineQueue queue;
  NaiveDeadlines list;
  int now = 0;
  for (int step = 0; step < 1000; ++step) {
    const auto item = static_cast<DeadlineQueue::Item>(below(40));
    const TimePoint when = at(now + below(30));  // near, so that many are equal
    ASSERT_EQ(queue.contains(item), list.contains(item));
    if (!queue.contains(item)) {
      queue.insert(item, when);
      list.insert(item, when);
    } else if (below(4) == 0) {
      queue.erase(item);
      list.erase(item);
    } else {
      queue.move(item, when);
      list.move(item, when);
      ASSERT_EQ(queue.deadline(item), when);
    }
    now += below(3);
    while (const auto due = list.pop_due(at(now)))
      ASSERT_EQ(queue.pop_due(at(now)), due) << "step " << step;
    ASSERT_EQ(queue.pop_due(at(now)), std::nullopt);
    ASSERT_EQ(queue.size(), list.size());
    ASSERT_LE(queue.next(), list.next());
    ASSERT_GT(queue.next(), at(now));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDeadlines, ::testing::Range(1U, 21U));

}  // namespace
}  // namespace throttle
