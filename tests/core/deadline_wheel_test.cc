// The deadline wheel, and by random steps from nanoseconds to years against a list.
#include "libthrottle/core/deadline_wheel.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using namespace std::chrono_literals;

struct Alarm : DeadlineWheel::Item {
  TimePoint deadline = kNever;
};

// The wheel and the deadlines, as an owner keeps them.
struct Alarms {
  void insert(Alarm& alarm, TimePoint when) {
    alarm.deadline = when;
    wheel.insert(alarm, when);
  }
  void move(Alarm& alarm, TimePoint when) {
    if (when < alarm.deadline) wheel.hasten(alarm, when);
    alarm.deadline = when;
  }
  DeadlineWheel::Item* pop_due(TimePoint now) {
    return wheel.pop_due(now, [this](const DeadlineWheel::Item& item) {
      ++asked;
      return static_cast<const Alarm&>(item).deadline;
    });
  }

  DeadlineWheel wheel;
  std::size_t asked = 0;
};

constexpr TimePoint at(Duration since_start) {
  return TimePoint(since_start);
}

TEST(DeadlineWheel, IsEmptyAtFirst) {
  Alarms alarms;
  EXPECT_EQ(alarms.wheel.next(), kNever);
  EXPECT_EQ(alarms.wheel.size(), 0U);
  EXPECT_EQ(alarms.pop_due(at(1h)), nullptr);
}

TEST(DeadlineWheel, PopsToTheNanosecondHoweverFar) {
  for (const Duration wait : std::initializer_list<Duration>{1ns, 1ms, 1s, 5min, 1h, 1000h}) {
    Alarms alarms;
    Alarm alarm;
    alarms.insert(alarm, at(wait));
    EXPECT_LE(alarms.wheel.next(), at(wait));
    EXPECT_EQ(alarms.pop_due(at(wait) - 1ns), nullptr);
    EXPECT_EQ(alarms.wheel.next(), at(wait));
    EXPECT_EQ(alarms.pop_due(at(wait)), &alarm);
    EXPECT_FALSE(alarm.is_armed());
    EXPECT_EQ(alarms.wheel.next(), kNever);
  }
}

TEST(DeadlineWheel, PopsEqualsInTheOrderOfArrivalHoweverTheyCameThere) {
  Alarms alarms;
  std::vector<Alarm> five(5);
  for (Alarm& alarm : five)
    alarms.insert(alarm, at(1h));
  alarms.move(five[3], at(1s));
  alarms.move(five[3], at(10min));
  for (const std::size_t i : {4U, 2U, 0U, 1U})
    alarms.move(five[i], at(10min));
  EXPECT_EQ(alarms.pop_due(at(9min)), nullptr);
  for (Alarm& alarm : five)
    EXPECT_EQ(alarms.pop_due(at(20min)), &alarm);
}

TEST(DeadlineWheel, NeverIsNeverDue) {
  Alarms alarms;
  Alarm alarm;
  alarms.insert(alarm, kNever);
  EXPECT_EQ(alarms.pop_due(kNever - 1ns), nullptr);
  EXPECT_TRUE(alarm.is_armed());
}

TEST(DeadlineWheel, ErasedItemsAreGoneAndMayComeAgain) {
  Alarms alarms;
  Alarm alarm;
  for (const Duration wait : std::initializer_list<Duration>{1ms, 1h}) {
    alarms.insert(alarm, at(wait));
    alarms.wheel.erase(alarm);
    alarms.wheel.erase(alarm);
    EXPECT_EQ(alarms.wheel.size(), 0U);
    alarms.insert(alarm, at(2 * wait));
    EXPECT_EQ(alarms.pop_due(at(wait)), nullptr);
    EXPECT_EQ(alarms.pop_due(at(2 * wait)), &alarm);
    EXPECT_EQ(alarms.pop_due(at(3 * wait)), nullptr);
  }
}

TEST(DeadlineWheel, AsksAboutOnceALifeForWhatIsRenewed) {
  constexpr std::size_t kLives = 20;
  Alarms alarms;
  std::vector<Alarm> crowd(100);
  for (Alarm& alarm : crowd)
    alarms.insert(alarm, at(5min));
  const Duration step = 100s / crowd.size();  // each is renewed three times in its life
  TimePoint now = at(0s);
  for (std::size_t i = 0; i < 3 * kLives * crowd.size(); ++i) {
    now += step;
    alarms.move(crowd[i % crowd.size()], now + 5min);
    ASSERT_EQ(alarms.pop_due(now), nullptr);
  }
  EXPECT_LT(alarms.asked, crowd.size() * kLives * 2);
}

class RandomAlarms : public ::testing::TestWithParam<unsigned> {
 protected:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  // As likely a few nanoseconds as a month.
  Duration length() { return Duration(below(std::uint64_t{1} << below(52))); }

 private:
  std::mt19937_64 random_{GetParam()};
};

TEST_P(RandomAlarms, AgreeWithAList) {
  Alarms alarms;
  std::vector<Alarm> all(60);
  std::list<Alarm*> list;  // in the order of arrival
  const auto earliest = [&list] {
    return std::min_element(list.begin(), list.end(), [](const Alarm* a, const Alarm* b) {
      return a->deadline < b->deadline;
    });
  };
  TimePoint now = at(length());
  for (int step = 0; step < 3000; ++step) {
    Alarm& alarm = all[below(all.size())];
    const TimePoint when = below(5) == 0 ? all[below(all.size())].deadline : now + length();
    if (!alarm.is_armed()) {
      alarms.insert(alarm, when);
      list.push_back(&alarm);
    } else if (below(4) == 0) {
      alarms.wheel.erase(alarm);
      list.remove(&alarm);
    } else {
      alarms.move(alarm, when);
    }
    if (below(3) == 0) now += length() / 16;
    for (auto due = earliest(); due != list.end() && (*due)->deadline <= now; due = earliest()) {
      ASSERT_EQ(alarms.pop_due(now), *due) << "step " << step;
      list.erase(due);
    }
    ASSERT_EQ(alarms.pop_due(now), nullptr) << "step " << step;
    ASSERT_EQ(alarms.wheel.size(), list.size());
    ASSERT_LE(alarms.wheel.next(), list.empty() ? kNever : (*earliest())->deadline);
    ASSERT_GT(alarms.wheel.next(), now);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomAlarms, ::testing::Range(1U, 21U));

}  // namespace
}  // namespace throttle
