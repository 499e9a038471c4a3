// Sums over pieces of time, by hand and on a file that the real writer wrote.
#include "libthrottle/inspect/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "libthrottle/journal/schema.h"
#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using namespace std::chrono_literals;
using journal::Kind;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kNine = 20'000 * 24 * kHour + 9 * kHour;  // 2024-10-04 09:00, a Friday

journal::EventNumbers event(std::int64_t at_us, Kind kind, std::int64_t count = 0,
                            std::int64_t span_us = 0) {
  const bool of_semaphore = count != 0;
  return {.at_us = at_us,
          .kind_no = static_cast<std::int64_t>(kind),
          .semaphore_no = of_semaphore ? 1 : 0,
          .count = count,
          .span_us = span_us};
}

TEST(InspectUsage, SumsUpHours) {
  Usage usage(Usage::By::kHour, Zone::kUtc);
  usage.add(event(kNine, Kind::kStarted));
  usage.add(event(kNine, Kind::kConfigured, 2));
  usage.add(event(kNine + 30 * kMinute, Kind::kGranted, 2));
  usage.add(event(kNine + 75 * kMinute, Kind::kLeaseEnded, 2));
  usage.add(event(kNine + 75 * kMinute, Kind::kGranted, 1, 4 * kMinute));
  usage.finish(kNine + 120 * kMinute);
  Use& nine = usage.uses()[{kNine, 1}];
  EXPECT_EQ(nine.alive_us, kHour);
  EXPECT_DOUBLE_EQ(nine.mean(), 1.0);
  EXPECT_EQ(nine.peak, 2);
  EXPECT_EQ(nine.at_full_us, 30 * kMinute);
  Use& ten = usage.uses()[{kNine + kHour, 1}];
  EXPECT_DOUBLE_EQ(ten.mean(), (2 * 15 + 1 * 45) / 60.0);
  EXPECT_EQ(ten.at_full_us, 15 * kMinute);
  EXPECT_EQ(ten.full, 2);
  EXPECT_EQ(ten.waits.max(), 4 * kMinute);
}

TEST(InspectUsage, LeavesOutTheTimeInWhichNoServerRan) {
  Usage usage(Usage::By::kDay, Zone::kUtc);
  usage.add(event(kNine, Kind::kStarted));
  usage.add(event(kNine, Kind::kConfigured, 2));
  usage.add(event(kNine, Kind::kGranted, 1));
  usage.add(event(kNine + kHour, Kind::kLeaseEnded, 1));
  usage.add(event(kNine + kHour, Kind::kStopped));
  usage.add(event(kNine + 5 * kHour, Kind::kStarted));
  usage.finish(kNine + 6 * kHour);
  Use& day = usage.uses()[{kNine - 9 * kHour, 1}];
  EXPECT_EQ(day.alive_us, 2 * kHour);
  EXPECT_DOUBLE_EQ(day.mean(), 0.5);
}

TEST(InspectUsage, LeavesOutTheTimeAfterACrash) {
  Usage usage(Usage::By::kDay, Zone::kUtc);
  usage.add(event(kNine, Kind::kStarted));
  usage.add(event(kNine, Kind::kConfigured, 2));
  usage.add(event(kNine, Kind::kGranted, 1));
  usage.add(event(kNine + kHour, Kind::kLeaseEnded, 1));
  usage.add(event(kNine + 5 * kHour, Kind::kStarted));
  usage.finish(kNine + 6 * kHour);
  Use& day = usage.uses()[{kNine - 9 * kHour, 1}];
  EXPECT_EQ(day.alive_us, 2 * kHour);
  EXPECT_DOUBLE_EQ(day.mean(), 0.5);
}

TEST(InspectUsage, AddsUpTheHoursOfWeekdays) {
  Usage usage(Usage::By::kWeekdayHour, Zone::kUtc);
  usage.begin(1, 1, 4);
  usage.add(event(kNine, Kind::kReloaded));
  usage.finish(kNine + 14 * 24 * kHour);
  Use& friday = usage.uses()[{5 * 24 + 9, 1}];
  EXPECT_EQ(friday.alive_us, 2 * kHour);
  EXPECT_DOUBLE_EQ(friday.mean(), 1);
}

TEST(InspectUsage, FindsPercentiles) {
  Waits waits;
  EXPECT_EQ(waits.percentile(0.5), 0);
  for (int i = 1; i <= 100; ++i)
    waits.add(i);
  EXPECT_EQ(waits.percentile(0.5), 50);
  EXPECT_EQ(waits.percentile(0.95), 95);
  EXPECT_EQ(waits.percentile(1), 100);
  EXPECT_EQ(waits.max(), 100);
}

// From 16:00 one holds both for an hour, then a second one, which has waited for 30 min, takes one.
class InspectUsageFile : public InspectTest {
 protected:
  void SetUp() override {
    open_with_clock();
    const PeerId first = enroll(2, "nightly");
    advance(30min);
    enroll(1);
    advance(30min);
    remove(first);
    advance(60min);
    flush();
  }
};

TEST_F(InspectUsageFile, ShowsHours) {
  const json rows = json::parse(inspect({"usage", "--json"}).out);
  ASSERT_GE(rows.size(), 2U);
  EXPECT_EQ(rows[0]["from"], "2025-11-24T16:00:00.000Z");
  EXPECT_EQ(rows[0]["semaphore"], "database");
  EXPECT_EQ(rows[0]["mean"], 2.0);
  EXPECT_EQ(rows[0]["peak"], 2);
  EXPECT_EQ(rows[0]["at_full_ms"], 3'600'000);
  EXPECT_EQ(rows[1]["peak"], 2) << "at its very beginning";
  EXPECT_EQ(rows[1]["wait_max_ms"], 1'800'000);
  EXPECT_EQ(inspect({"usage", "--json", "--semaphore", "other"}).out, "[]\n");
}

TEST_F(InspectUsageFile, BeginsWithWhatIsHeldThen) {
  const json rows = json::parse(inspect({"usage", "--json", "--since", "2025-11-24T16:10"}).out);
  EXPECT_EQ(rows[0]["mean"], 2.0);
}

TEST_F(InspectUsageFile, CountsTheRefusalsOfTheTimeThatIsAsked) {
  const auto refused = [this](const std::vector<std::string>& range) {
    std::vector<std::string> words{"usage", "--by", "day", "--json"};
    words.insert(words.end(), range.begin(), range.end());
    const json rows = json::parse(inspect(words).out);
    return rows.empty() ? json(-1) : rows[0]["refused"];
  };
  enroll(3);  // at 18:00, more than can ever fit
  advance(2min);
  enroll(1);
  flush();
  advance(58min);
  enroll(3);
  advance(60min);
  enroll(1);
  flush();
  ASSERT_EQ(refused({}), 2);
  EXPECT_EQ(refused({"--since", "2025-11-24T18:30"}), 1);
  EXPECT_EQ(refused({"--until", "2025-11-24T18:30"}), 1);
  EXPECT_EQ(refused({"--since", "2025-11-24T19:30"}), 0);
  EXPECT_EQ(refused({"--until", "seq:3"}), 0);
}

TEST_F(InspectUsageFile, DrawsAHeatMap) {
  const Ran ran = inspect({"usage", "--by", "weekday-hour"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, HasSubstr("\nMon                  █"));
  EXPECT_THAT(ran.out, HasSubstr("Mon 16:00  database"));
}

TEST_F(InspectUsageFile, ShowsClientsAndLabels) {
  const json clients = json::parse(inspect({"usage", "--by", "client", "--json"}).out);
  ASSERT_EQ(clients.size(), 1U);
  EXPECT_EQ(clients[0]["client"], "10.0.0.9");
  EXPECT_EQ(clients[0]["leases"], 2);
  EXPECT_EQ(clients[0]["wait_p95_ms"], 1'800'000);
  const json labels = json::parse(inspect({"usage", "--by", "label", "--json"}).out);
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0]["label"], "nightly");
  EXPECT_EQ(labels[0]["held_ms"], 7'200'000);
  EXPECT_EQ(inspect({"usage", "--by", "moon"}).exit, 2);
}

}  // namespace
}  // namespace throttle::inspect
