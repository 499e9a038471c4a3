// Time and sums that saturate instead of overflowing.
#include "libthrottle/core/time.h"

#include <limits>

#include <gtest/gtest.h>

#include "libthrottle/core/wide_sum.h"

namespace throttle {
namespace {

using namespace std::chrono_literals;

TEST(SaturatingTime, AddsWhatCanBeRepresented) {
  EXPECT_EQ(saturating_add(TimePoint(1s), 2s), TimePoint(3s));
  EXPECT_EQ(saturating_add(TimePoint{}, 0s), TimePoint{});
  EXPECT_EQ(saturating_add(TimePoint{}, kForever), kNever);
  EXPECT_EQ(saturating_add(TimePoint(1ns), kForever - 1ns), kNever);
}

TEST(SaturatingTime, StopsAtNever) {
  EXPECT_EQ(saturating_add(TimePoint(1ns), kForever), kNever);
  EXPECT_EQ(saturating_add(TimePoint(1h), kForever - 1s), kNever);
  EXPECT_EQ(saturating_add(kNever, 1ns), kNever);
  EXPECT_EQ(saturating_add(kNever, kForever), kNever);
}

TEST(SaturatingTime, BeforeTheEpochNothingOverflows) {
  EXPECT_EQ(saturating_add(TimePoint(-5s), 2s), TimePoint(-3s));
  EXPECT_EQ(saturating_add(TimePoint(-1ns), kForever), kNever - 1ns);
  EXPECT_EQ(saturating_add(TimePoint::min(), kForever), TimePoint(-1ns));
}

constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

TEST(WideSum, AddsAndSubtractsExactly) {
  WideSum sum;
  EXPECT_EQ(sum.value(), 0);
  sum.add(5);
  sum.add(0);
  sum.add(7);
  sum.subtract(5);
  EXPECT_EQ(sum.value(), 7);
}

TEST(WideSum, ReadsAsTheLargestCountBeyondIt) {
  WideSum sum;
  sum.add(kMost);
  EXPECT_EQ(sum.value(), kMost);
  sum.add(1);
  EXPECT_EQ(sum.value(), kMost);
}

TEST(WideSum, ComesBackExactlyFromFarBeyond) {
  WideSum sum;
  sum.add(3);
  for (int i = 0; i < 1000; ++i)
    sum.add(kMost);
  EXPECT_EQ(sum.value(), kMost);
  for (int i = 0; i < 1000; ++i)
    sum.subtract(kMost);
  EXPECT_EQ(sum.value(), 3);
}

TEST(WideSum, EqualSumsAreEqualHoweverTheyCameAbout) {
  WideSum one, other;
  for (int i = 0; i < 3; ++i)
    one.add(kMost);
  one.subtract(kMost);
  other.add(kMost - 10);
  other.add(kMost);
  EXPECT_NE(one, other);
  other.add(10);
  EXPECT_EQ(one, other);
}

}  // namespace
}  // namespace throttle
