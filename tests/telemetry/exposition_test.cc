// The text format of metrics pages: escapes, order, numbers and histograms.
#include "libthrottle/telemetry/exposition.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;

TEST(Exposition, WritesHelpTypeAndSamples) {
  Exposition page;
  page.gauge("throttle_max", "The most.").add({{"semaphore", "A"}}, std::int64_t{-5});
  EXPECT_EQ(page.text(),
            "# HELP throttle_max The most.\n"
            "# TYPE throttle_max gauge\n"
            "throttle_max{semaphore=\"A\"} -5\n");
}

TEST(Exposition, ASampleWithoutLabelsHasNoBraces) {
  Exposition page;
  page.counter("a_total", "A.").add({}, std::uint64_t{7});
  EXPECT_EQ(page.text(), "# HELP a_total A.\n# TYPE a_total counter\na_total 7\n");
}

TEST(Exposition, SortsFamiliesByNameAndSamplesByTheValuesOfTheirLabels) {
  Exposition page;
  auto& late = page.gauge("b", "B.");
  late.add({{"x", "A b"}}, std::uint64_t{3});
  late.add({{"x", "B"}, {"y", "1"}}, std::uint64_t{4});
  late.add({{"x", "A"}, {"y", "2"}}, std::uint64_t{2});
  late.add({{"x", "A"}, {"y", "1"}}, std::uint64_t{1});
  page.gauge("a", "A.").add({}, std::uint64_t{0});
  EXPECT_EQ(page.text(),
            "# HELP a A.\n# TYPE a gauge\na 0\n"
            "# HELP b B.\n# TYPE b gauge\n"
            "b{x=\"A\",y=\"1\"} 1\n"
            "b{x=\"A\",y=\"2\"} 2\n"
            "b{x=\"A b\"} 3\n"
            "b{x=\"B\",y=\"1\"} 4\n");
}

TEST(Exposition, LeavesOutAFamilyWithoutSamples) {
  Exposition page;
  page.gauge("a", "A.");
  EXPECT_EQ(page.text(), "");
}

TEST(Exposition, EscapesLabelValues) {
  Exposition page;
  page.gauge("a", "A.").add({{"x", "/& \\ \"q\"\nnext größe \xff"}}, std::uint64_t{1});
  EXPECT_EQ(page.text(),
            "# HELP a A.\n# TYPE a gauge\n"
            "a{x=\"/& \\\\ \\\"q\\\"\\nnext größe \xef\xbf\xbd\"} 1\n");
}

TEST(Exposition, WritesNumbersExactly) {
  const auto written = [](auto value) {
    Exposition page;
    page.gauge("a", "A.").add({}, value);
    const std::string text = page.text();
    return text.substr(text.rfind(' ') + 1);
  };
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615\n");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808\n");
  EXPECT_EQ(written(0.1), "0.1\n");
  EXPECT_EQ(written(1e6), "1000000\n");
  EXPECT_EQ(written(1751797830.125), "1751797830.125\n");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "+Inf\n");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "-Inf\n");
  EXPECT_EQ(written(std::nan("")), "NaN\n");
}

TEST(Histogram, CountsALengthInTheFirstBucketThatReachesIt) {
  Histogram histogram;
  for (const Duration length : {Duration(0ns), Duration(1ms), Duration(1ms + 1ns), Duration(1h),
                                Duration(1h + 1ns), kForever})
    histogram.observe(length);
  EXPECT_EQ(histogram.counts.front(), 2U);
  EXPECT_EQ(histogram.counts[1], 1U);
  EXPECT_EQ(histogram.counts[Histogram::kBounds.size() - 1], 1U);
  EXPECT_EQ(histogram.counts.back(), 2U);
}

TEST(Histogram, IsWrittenInCumulatedBuckets) {
  Histogram histogram;
  histogram.observe(3ms);
  histogram.observe(250ms);
  histogram.observe(2h);
  Exposition page;
  page.histogram("wait_seconds", "Waits.").add({{"semaphore", "A"}}, histogram);
  EXPECT_EQ(page.text(),
            "# HELP wait_seconds Waits.\n"
            "# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"0.001\"} 0\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"0.005\"} 1\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"0.01\"} 1\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"0.05\"} 1\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"0.1\"} 1\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"0.5\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"1\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"5\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"10\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"30\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"60\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"300\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"600\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"1800\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"3600\"} 2\n"
            "wait_seconds_bucket{semaphore=\"A\",le=\"+Inf\"} 3\n"
            "wait_seconds_sum{semaphore=\"A\"} 7200.253\n"
            "wait_seconds_count{semaphore=\"A\"} 3\n");
}

TEST(Histogram, WithoutLabelsHasOnlyTheBound) {
  Exposition page;
  page.histogram("a_seconds", "A.").add({}, Histogram());
  EXPECT_NE(page.text().find("a_seconds_bucket{le=\"+Inf\"} 0\na_seconds_sum 0\n"),
            std::string::npos);
}

}  // namespace
}  // namespace throttle::telemetry
