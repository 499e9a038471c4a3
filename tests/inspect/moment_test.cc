// Times as people write them, and as they are shown.
#include "libthrottle/inspect/moment.h"

#include <gtest/gtest.h>

namespace throttle::inspect {
namespace {

// Tuesday, 2026-11-24 15:30:00 UTC.
constexpr std::int64_t kNow = 1'795'534'200'000'000;

std::string read(std::string_view text) {
  const auto moment = parse_moment(text, kNow, Zone::kUtc);
  if (!moment) return moment.error().message;
  switch (moment->is) {
    case Moment::Is::kRun:
      return "run " + std::to_string(moment->value);
    case Moment::Is::kSeq:
      return "seq " + std::to_string(moment->value);
    case Moment::Is::kTime:
      break;
  }
  return format_iso(moment->value);
}

TEST(Moment, ReadsDatesAndClocks) {
  EXPECT_EQ(read("2026-11-24T14:00"), "2026-11-24T14:00:00.000Z");
  EXPECT_EQ(read("2026-11-24T14:00:05.25Z"), "2026-11-24T14:00:05.250Z");
  EXPECT_EQ(read("2026-11-24 14:00:05"), "2026-11-24T14:00:05.000Z");
  EXPECT_EQ(read("2026-11-24"), "2026-11-24T00:00:00.000Z");
  EXPECT_EQ(read("14:00"), "2026-11-24T14:00:00.000Z");
}

TEST(Moment, TakesAClockThatIsStillToComeForYesterdays) {
  EXPECT_EQ(read("16:00"), "2026-11-23T16:00:00.000Z");
}

TEST(Moment, ReadsWords) {
  EXPECT_EQ(read("now"), "2026-11-24T15:30:00.000Z");
  EXPECT_EQ(read("today"), "2026-11-24T00:00:00.000Z");
  EXPECT_EQ(read("yesterday"), "2026-11-23T00:00:00.000Z");
  EXPECT_EQ(read("Monday"), "2026-11-23T00:00:00.000Z");
  EXPECT_EQ(read("tuesday"), "2026-11-17T00:00:00.000Z") << "the last one, not today";
  EXPECT_EQ(read("2h ago"), "2026-11-24T13:30:00.000Z");
  EXPECT_EQ(read("1day 30min ago"), "2026-11-23T15:00:00.000Z");
}

TEST(Moment, ReadsPlacesInTheJournal) {
  EXPECT_EQ(read("run:3"), "run 3");
  EXPECT_EQ(read("seq:91022"), "seq 91022");
}

TEST(Moment, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "14", "24:00", "14:60", "2026-02-30", "2026-11-24T", "2026-11-24T14:00x", "soon",
        "run:", "run:x", "seq:-1", "ago", "1 fortnight ago", "14:00:05."}) {
    EXPECT_NE(read(text).find("is no time. Write"), std::string::npos) << text;
  }
}

TEST(Moment, ShowsSpans) {
  EXPECT_EQ(format_span(0), "0s");
  EXPECT_EQ(format_span(412), "0.41ms");
  EXPECT_EQ(format_span(412'000), "412ms");
  EXPECT_EQ(format_span(1'500'000), "1.5s");
  EXPECT_EQ(format_span(41'000'000), "41s");
  EXPECT_EQ(format_span(134'000'000), "2m 14s");
  EXPECT_EQ(format_span(10'920'000'000), "3h 02m");
  EXPECT_EQ(format_span(371'000'000'000), "4d 07h");
  EXPECT_EQ(format_span(-41'000'000), "-41s");
}

TEST(Moment, ShowsTimesBefore1970) {
  EXPECT_EQ(format_iso(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace throttle::inspect
