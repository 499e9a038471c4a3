// The grammar of durations, line by line: what is read, what is refused and with which words, what
// is written.
#include "libthrottle/core/duration.h"

#include <chrono>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace throttle {
namespace {

struct Reads {
  std::string_view text;
  Duration length;
};

void expect_reads(const Reads& row) {
  const auto length = parse_duration(row.text);
  ASSERT_TRUE(length.has_value()) << length.error().message;
  EXPECT_EQ(length->count(), row.length.count()) << row.text;
}

TEST(Duration, ReadsEverySpellingOfEveryUnit) {
  constexpr Duration kMonth = 2'630'016s;
  constexpr Duration kYear = 31'557'600s;
  const Reads rows[] = {{"2nanos", 2ns},        {"2nsec", 2ns},      {"2ns", 2ns},
                        {"2usec", 2us},         {"2us", 2us},        {"2\u00B5s", 2us},
                        {"2millis", 2ms},       {"2msec", 2ms},      {"2ms", 2ms},
                        {"2seconds", 2s},       {"2second", 2s},     {"2secs", 2s},
                        {"2sec", 2s},           {"2s", 2s},          {"2minutes", 2min},
                        {"2minute", 2min},      {"2mins", 2min},     {"2min", 2min},
                        {"2m", 2min},           {"2hours", 2h},      {"2hour", 2h},
                        {"2hrs", 2h},           {"2hr", 2h},         {"2h", 2h},
                        {"2days", 48h},         {"2day", 48h},       {"2d", 48h},
                        {"2weeks", 336h},       {"2week", 336h},     {"2wks", 336h},
                        {"2wk", 336h},          {"2w", 336h},        {"2months", 2 * kMonth},
                        {"2month", 2 * kMonth}, {"2M", 2 * kMonth},  {"2years", 2 * kYear},
                        {"2year", 2 * kYear},   {"2yrs", 2 * kYear}, {"2yr", 2 * kYear},
                        {"2y", 2 * kYear}};
  for (const Reads& row : rows) {
    expect_reads(row);
  }
}

TEST(Duration, AddsUpGroupsWithBlanksAnywhereOutsideAUnit) {
  const Reads rows[] = {{"1h 30m", 90min},
                        {"1h30m", 90min},
                        {"  7s  ", 7s},
                        {"1 h", 1h},
                        {"1 hour 12min5s", 1h + 12min + 5s},
                        {"1m 1m", 2min},
                        {"1 5s", 15s},
                        {"\t1\n0\r\ns ", 10s},
                        {"1\u00A0s\u30002\u2003ms", 1s + 2ms},
                        {"300000ms", 5min},
                        {"5min", 5min},
                        {"1s 500ms", 1500ms},
                        {"007s", 7s}};
  for (const Reads& row : rows) {
    expect_reads(row);
  }
}

TEST(Duration, ReadsZeroAloneWithoutAUnit) {
  expect_reads({"0", 0ns});
  EXPECT_FALSE(parse_duration(" 0").has_value());
  EXPECT_FALSE(parse_duration("00").has_value());
}

TEST(Duration, ReadsFractionsThatComeOutEven) {
  const Reads rows[] = {{"1.5s", 1500ms},
                        {"1.5h", 90min},
                        {"0.25m", 15s},
                        {"1 . 5 s", 1500ms},
                        {"0.000000001s", 1ns},
                        {"0.001us", 1ns},
                        {"1.5ms2.5us", 1502500ns},
                        {"0.5d", 12h},
                        {"1.50000s", 1500ms},
                        {"1.0000000000000000000s", 1s},
                        {"0.00000000005m", 3ns}};
  for (const Reads& row : rows) {
    expect_reads(row);
  }
}

TEST(Duration, SaturatesBeyondForever) {
  const Reads rows[] = {{"9223372036854775806ns", kForever - 1ns},
                        {"9223372036854775807ns", kForever},
                        {"9223372036854775808ns", kForever},
                        {"18446744073709551615ns", kForever},
                        {"9223372036s 854775806ns", kForever - 1ns},
                        {"9223372037s", kForever},
                        {"18446744073709551615s", kForever},
                        {"18446744073709551615s 999999999ns", kForever},
                        {"292y", 292 * Duration(31'557'600s)},
                        {"293y", kForever},
                        {"584542046090y", kForever}};
  for (const Reads& row : rows) {
    expect_reads(row);
  }
}

constexpr std::string_view kUnits = " (units: ns, us, ms, s, min, h, days, weeks, months, years)";

struct Refuses {
  std::string_view text;
  std::string message;
};

TEST(Duration, SaysWhatIsWrongAndAtWhichCharacter) {
  const std::string units(kUnits);
  const std::string fine =
      " is too fine: it must come out at whole nanoseconds, and from hours on at whole seconds";
  const Refuses rows[] = {
      {"", R"("" is not a duration: it is empty; write a number and a unit, such as 30s)"},
      {" \t", R"(" \t" is not a duration: it is empty; write a number and a unit, such as 30s)"},
      {"-5ms", R"("-5ms" is not a duration: expected a digit at character 1, found "-")"},
      {"+5s", R"("+5s" is not a duration: expected a digit at character 1, found "+")"},
      {".5s", R"(".5s" is not a duration: expected a digit at character 1, found ".")"},
      {"s", R"("s" is not a duration: expected a digit at character 1, found "s")"},
      {"1h min", R"("1h min" is not a duration: expected a digit at character 4, found "m")"},
      {"1.s", R"("1.s" is not a duration: expected a digit after the point at character 3, )"
              R"(found "s")"},
      {"1. ", R"("1. " is not a duration: expected a digit after the point at character 4, )"
              R"(found the end)"},
      {"15", R"("15" is not a duration: expected a unit at character 3, found the end)" + units},
      {"00", R"("00" is not a duration: expected a unit at character 3, found the end)" + units},
      {"1,5s", R"("1,5s" is not a duration: expected a unit at character 2, found ",")" + units},
      {"1.5.s", R"("1.5.s" is not a duration: expected a unit at character 4, found ".")" + units},
      {"1_000ms",
       R"("1_000ms" is not a duration: expected a unit at character 2, found "_")" + units},
      {"1d,2h", R"("1d,2h" is not a duration: expected the rest of a unit at character 3, )"
                R"(found ",")" +
                    units},
      {"1e3ms", R"("1e3ms" is not a duration: unknown unit "e" at character 2)" + units},
      {"1mo", R"("1mo" is not a duration: unknown unit "mo" at character 2)" + units},
      {"2 S", R"("2 S" is not a duration: unknown unit "S" at character 3)" + units},
      {"1\u00B5s 1\u00B5",
       "\"1\u00B5s 1\u00B5\" is not a duration: unknown unit \"\u00B5\" at "
       "character 6" +
           units},
      {"1\u03BCs",
       "\"1\u03BCs\" is not a duration: expected a unit at character 2, found "
       "\"\u03BC\"" +
           units},
      {"1\xFFs",
       R"("1\xffs" is not a duration: expected a unit at character 2, found "\xff")" + units},
      {"0.5ns", R"("0.5ns" is not a duration: the fraction of the number at character 1)" + fine},
      {"1h 0.3333s 0.33333h",
       R"("1h 0.3333s 0.33333h" is not a duration: the fraction of the number at character 12)" +
           fine},
      {"0.00000000001s",
       R"("0.00000000001s" is not a duration: the fraction of the number at character 1)" + fine},
      {"1.00000000000000000000s",
       R"("1.00000000000000000000s" is not a duration: the fraction of the number at character 1)" +
           fine},
  };
  for (const Refuses& row : rows) {
    const auto length = parse_duration(row.text);
    ASSERT_FALSE(length.has_value()) << row.text;
    EXPECT_EQ(length.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(length.error().message, row.message);
  }
}

TEST(Duration, RefusesWhatLeavesTheReferencesLimits) {
  const std::string_view rows[] = {
      "18446744073709551616ns",   "18446744073709551616s",        "18446744073710ms",
      "18446744073709552us",      "307445734561825861m",          "584542046091y",
      "18446744073709551615s 1s", "18446744073709551615s 1000ms", "1ns 18446744073709551615ns"};
  for (const std::string_view text : rows) {
    const auto length = parse_duration(text);
    ASSERT_FALSE(length.has_value()) << text;
    EXPECT_TRUE(length.error().message.ends_with("is too large")) << length.error().message;
  }
  EXPECT_EQ(parse_duration("1s 99999999999999999999h").error().message,
            R"("1s 99999999999999999999h" is not a duration: the number at character 4 is too )"
            "large");
}

TEST(Duration, QuotesAtMostTheBeginningOfALongText) {
  const auto length = parse_duration(std::string(1'000'000, '-'));
  ASSERT_FALSE(length.has_value());
  EXPECT_LT(length.error().message.size(), 200u);
}

struct Writes {
  Duration length;
  std::string text;
};

TEST(Duration, WritesTheCanonicalFormAndReadsItBack) {
  const Writes rows[] = {{0s, "0s"},
                         {1ns, "1ns"},
                         {3us, "3us"},
                         {999ms, "999ms"},
                         {1500ms, "1s 500ms"},
                         {59s, "59s"},
                         {2h + 37min, "2h 37m"},
                         {24h, "1day"},
                         {26h, "1day 2h"},
                         {7 * 24h, "7days"},
                         {2'630'016s, "1month"},
                         {2 * 2'630'016s, "2months"},
                         {31'557'600s, "1year"},
                         {2 * 31'557'600s, "2years"},
                         {31'557'599s, "11months 30days 9h 50m 23s"},
                         {kForever, "292years 3months 7days 16h 6m 28s 854ms 775us 807ns"}};
  for (const Writes& row : rows) {
    EXPECT_EQ(format_duration(row.length), row.text);
    expect_reads({row.text, row.length});
  }
}

TEST(Duration, WritesALengthBelowZeroAsZero) {
  EXPECT_EQ(format_duration(-1ns), "0s");
  EXPECT_EQ(format_duration(Duration::min()), "0s");
}

}  // namespace
}  // namespace throttle
