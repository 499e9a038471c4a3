// Numbers are published; the limit is proven with a counted clock.
#include "service/event_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::service {
namespace {

using namespace std::chrono_literals;
using telemetry::Level;
using ::testing::ElementsAre;

constexpr TimePoint kStart{1000s};

TEST(EventCatalog, KindsFollowTheHundreds) {
  EXPECT_EQ(kind_of(EventId::kReloaded), EventKind::kInformation);
  EXPECT_EQ(kind_of(EventId::kSuppressed), EventKind::kWarning);
  EXPECT_EQ(kind_of(EventId::kBrokenInvariant), EventKind::kError);
}

TEST(EventCatalog, OnlyWarningsAndErrorsOfTheLogAreEvents) {
  EXPECT_EQ(event_of(Level::kError), EventId::kError);
  EXPECT_EQ(event_of(Level::kWarn), EventId::kWarning);
  EXPECT_EQ(event_of(Level::kInfo), std::nullopt);
  EXPECT_EQ(event_of(Level::kOff), std::nullopt);
}

TEST(EventStrings, AreTheLineAndThenEachField) {
  const std::array<telemetry::Field, 2> fields = {{{"semaphore", "a b"}, {"count", 3}}};
  EXPECT_THAT(event_strings({.target = "ledger", .message = "unknown", .fields = fields}),
              ElementsAre(R"(unknown semaphore="a b" count=3)", "target=ledger", "semaphore=a b",
                          "count=3"));
}

TEST(EventStrings, AreShortEnoughForTheEventLog) {
  const std::string text(100'000, 'x');
  const telemetry::Field field("reason", text);
  for (const std::string& part :
       event_strings({.target = "app", .message = text, .fields = {&field, 1}}))
    EXPECT_LT(part.size(), 31'839U);
}

TEST(EventLimit, AdmitsABurstAndThenOneASecond) {
  EventLimit limit;
  for (std::uint32_t i = 0; i < EventLimit::kBurst; ++i)
    EXPECT_TRUE(limit.admit(EventId::kWarning, kStart));
  EXPECT_FALSE(limit.admit(EventId::kError, kStart));
  EXPECT_FALSE(limit.admit(EventId::kError, kStart + 999ms));
  EXPECT_TRUE(limit.admit(EventId::kError, kStart + 1s));
  EXPECT_FALSE(limit.admit(EventId::kError, kStart + 1s));
  EXPECT_EQ(limit.suppressed(), 3U);
}

TEST(EventLimit, NeverLimitsTheLifeOfTheService) {
  EventLimit limit;
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(limit.admit(EventId::kReloaded, kStart));
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(limit.admit(EventId::kRefusedReload, kStart));
}

TEST(EventLimit, IsWholeAgainAfterAQuietTime) {
  EventLimit limit;
  for (int i = 0; i < 100; ++i)
    limit.admit(EventId::kWarning, kStart);
  for (std::uint32_t i = 0; i < EventLimit::kBurst; ++i)
    EXPECT_TRUE(limit.admit(EventId::kWarning, kStart + 24h));
  EXPECT_FALSE(limit.admit(EventId::kWarning, kStart + 24h));
}

TEST(EventLimit, ReportsOnceAMinuteHowManyItSuppressed) {
  EventLimit limit;
  EXPECT_EQ(limit.next_deadline(), kNever);
  for (std::uint32_t i = 0; i < EventLimit::kBurst + 5; ++i)
    limit.admit(EventId::kWarning, kStart);
  EXPECT_EQ(limit.next_deadline(), kStart + 1min);
  EXPECT_EQ(limit.take_summary(kStart + 59s), std::nullopt);
  EXPECT_EQ(limit.take_summary(kStart + 60s), 5U);
  EXPECT_EQ(limit.take_summary(kStart + 60s), std::nullopt);
  EXPECT_EQ(limit.next_deadline(), kNever);
}

}  // namespace
}  // namespace throttle::service
