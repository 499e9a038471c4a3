// Tables, JSON and CSV, character by character.
#include "libthrottle/inspect/output.h"

#include <gtest/gtest.h>

#include "libthrottle/inspect/visible.h"

namespace throttle::inspect {
namespace {

constexpr std::int64_t kTime = 1'795'534'200'250'000;  // 2026-11-24 15:30:00.250 UTC

std::string shown(Style style, const std::vector<Row>& rows) {
  using enum ColumnKind;
  std::string text;
  style.zone = Zone::kUtc;
  Output out(
      [&text](std::string_view piece) {
        text += piece;
        return true;
      },
      std::move(style));
  out.line("a line");
  const auto begun = out.begin({{"SEMAPHORE"},
                                {"LABEL", kLabel},
                                {"COUNT", kNumber},
                                {"PEER", kId},
                                {"SINCE", kTime},
                                {"HELD", kSpan},
                                {"TOKEN", kNumber, true}});
  if (!begun) return begun.error().message;
  for (const Row& row : rows)
    out.add(row);
  out.end();
  return text;
}

const std::vector<Row> kRows{
    {std::string("database"), std::string("nightly \"import\", A"), 2, -1, kTime, 134'000'000, 7},
    {std::string("b"), {}, 10, 42, {}, 412, {}}};

TEST(InspectOutput, AlignsATable) {
  EXPECT_EQ(
      shown({}, kRows),
      "a line\n"
      "SEMAPHORE  LABEL                COUNT                  PEER  SINCE                  "
      "HELD\n"
      "database   nightly \"import\", A      2  18446744073709551615  2026-11-24 15:30:00  2m "
      "14s\n"
      "b          -                       10                    42  -                    "
      "0.41ms\n");
}

TEST(InspectOutput, WritesOneArrayOfObjects) {
  EXPECT_EQ(shown({.format = Format::kJson}, kRows),
            "[\n"
            R"(  {"semaphore":"database","label":"nightly \"import\", A","count":2,)"
            R"("peer":18446744073709551615,"since":"2026-11-24T15:30:00.250Z","held_ms":134000,)"
            R"("token":7},)"
            "\n"
            R"(  {"semaphore":"b","label":null,"count":10,"peer":42,"since":null,)"
            R"("held_ms":0.412,"token":null})"
            "\n]\n");
  EXPECT_EQ(shown({.format = Format::kJson}, {}), "[]\n");
}

TEST(InspectOutput, WritesCommaSeparatedValues) {
  EXPECT_EQ(shown({.format = Format::kCsv}, kRows),
            "semaphore,label,count,peer,since,held_ms,token\r\n"
            "database,\"nightly \"\"import\"\", A\",2,18446744073709551615,"
            "2026-11-24T15:30:00.250Z,134000,7\r\n"
            "b,,10,42,,0.412,\r\n");
  EXPECT_EQ(shown({.format = Format::kCsv, .header = false, .columns = {"count"}}, kRows),
            "2\r\n10\r\n");
}

TEST(InspectOutput, ShowsTheColumnsThatWereAskedFor) {
  EXPECT_EQ(shown({.columns = {"token", "held_ms", "Count"}}, kRows),
            "a line\nTOKEN    HELD  COUNT\n    7  2m 14s      2\n    -  0.41ms     10\n");
  EXPECT_EQ(shown({.columns = {"colour"}}, kRows),
            "--columns: there is no \"colour\". There are: SEMAPHORE, LABEL, COUNT, PEER, SINCE, "
            "HELD, TOKEN.");
}

TEST(InspectOutput, CutsLabelsAndNothingElse) {
  EXPECT_EQ(
      shown({.header = false, .width = 20, .columns = {"semaphore", "label", "count"}}, kRows),
      "a line\ndatabase  nightly…   2\nb         -         10\n");
}

TEST(InspectOutput, ShowsControlCharactersAsText) {
  const std::string label =
      "\x1b[2J\n\t\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xff"
      "é";
  EXPECT_EQ(visible(label),
            "\\x1b[2J\\x0a\\x09\\x85\\u2028\\u202e\\xff"
            "é");
  const Row row{std::string("s"), label, 1, 1, 0, 0, {}};
  EXPECT_EQ(shown({.header = false, .columns = {"label"}}, {row}),
            "a line\n\\x1b[2J\\x0a\\x09\\x85\\u2028\\u202e\\xffé\n");
  EXPECT_EQ(
      shown({.format = Format::kJson, .columns = {"label"}}, {row}),
      "[\n  {\"label\":\"\\u001b[2J\\n\\t\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xef\xbf\xbdé\"}\n]\n");
}

TEST(InspectOutput, MarksHeadingsWithColour) {
  EXPECT_EQ(shown({.color = true, .columns = {"count"}}, {}), "a line\n\x1b[1mCOUNT\n\x1b[0m");
}

TEST(InspectOutput, StopsWhenNobodyReads) {
  int calls = 0;
  Output out([&calls](std::string_view) { return ++calls < 2; }, {});
  out.line("one");
  out.line("two");
  out.line("three");
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(out.is_open());
}

}  // namespace
}  // namespace throttle::inspect
