// Records as text and as JSON; no value can forge a line.
#include "libthrottle/telemetry/log_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace throttle::telemetry {
namespace {

std::string text_of(std::string_view message, Fields fields = {}) {
  return to_text({.message = message, .fields = {fields.begin(), fields.size()}});
}

nlohmann::json json_of(std::string_view message, Fields fields = {}) {
  const Record record{.message = message, .fields = {fields.begin(), fields.size()}};
  return nlohmann::json::parse("{" + to_json_members(record) + "}");
}

TEST(LogText, ValuesStandBareUnlessThatWouldBeAmbiguous) {
  EXPECT_EQ(text_of("m", {{"k", "/&"}}), "m k=/&");
  EXPECT_EQ(text_of("m", {{"k", ""}}), "m k=\"\"");
  EXPECT_EQ(text_of("m", {{"k", "a b"}}), "m k=\"a b\"");
  EXPECT_EQ(text_of("m", {{"k", "a=b"}}), "m k=\"a=b\"");
  EXPECT_EQ(text_of("m", {{"k", "say \"x\\y\""}}), "m k=\"say \\\"x\\\\y\\\"\"");
}

TEST(LogText, NobodyCanForgeALineOrSteerATerminal) {
  EXPECT_EQ(text_of("a\r\n[forged]"), "a\\x0d\\n[forged]");
  EXPECT_EQ(text_of("m", {{"k", "\x1b[2J"}}), "m k=\\x1b[2J");
  EXPECT_EQ(text_of("m", {{"k",
                           "\xc2\x9b"
                           "2J"}}),
            "m k=\\xc2\\x9b2J");
  EXPECT_EQ(text_of("m", {{"k", std::string_view("\0", 1)}}), "m k=\\x00");
}

TEST(LogText, NobodyCanEndALineOrTurnTheWritingWithSeparatorsAndMarks) {
  EXPECT_EQ(text_of("a\u2028b\u2029c"), "a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9c");
  for (const char* const mark : {"\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f"})
    EXPECT_THAT(text_of("m", {{"k", mark}}), testing::StartsWith("m k=\\xe2\\x8")) << mark;
  EXPECT_EQ(text_of("m", {{"k", "\u061c"}}), "m k=\\xd8\\x9c");
  EXPECT_EQ(text_of("m", {{"k", "\u2027\u202f\u2065\u200d"}}), "m k=\u2027\u202f\u2065\u200d");
}

TEST(LogText, LettersOfAnyLanguagePass) {
  EXPECT_EQ(text_of("m", {{"k", "größe-数"}}), "m k=größe-数");
}

TEST(LogText, BytesThatAreNoTextAreShown) {
  EXPECT_EQ(text_of("m", {{"k", "\xff\xc3"}}), "m k=\\xff\\xc3");
}

TEST(LogJson, KeepsTextsAndNumbersAsTheyAre) {
  const nlohmann::json line =
      json_of("a \"quoted\"\nline", {{"semaphore", "/&\t"}, {"big", UINT64_MAX}, {"low", -5}});
  EXPECT_EQ(line["message"], "a \"quoted\"\nline");
  EXPECT_EQ(line["semaphore"], "/&\t");
  EXPECT_EQ(line["big"], UINT64_MAX);
  EXPECT_EQ(line["low"], -5);
}

TEST(LogJson, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(json_of("a\xff"
                    "b")["message"],
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(json_of("m", {{"k", "\xc3"}})["k"], "\xef\xbf\xbd");
}

TEST(Shorten, LeavesAloneWhatFits) {
  EXPECT_EQ(shorten("abc", 3), "abc");
  EXPECT_EQ(shorten("", 0), "");
}

TEST(Shorten, MarksWhatIsCut) {
  EXPECT_EQ(shorten("abcd", 3), "abc… (truncated)");
  EXPECT_EQ(shorten("abcd", 0), "… (truncated)");
}

TEST(Shorten, NeverCutsThroughACharacter) {
  EXPECT_EQ(shorten("a€b", 3), "a… (truncated)");
  EXPECT_EQ(shorten("a€b", 4), "a€… (truncated)");
}

TEST(Shorten, HoldsForTheMessageAndEveryField) {
  const std::string huge(1000, 'x');
  const Field field("k", huge);
  const Record record{.message = huge, .fields = {&field, 1}};
  EXPECT_EQ(to_text(record, 2), "xx… (truncated) k=\"xx… (truncated)\"");
}

}  // namespace
}  // namespace throttle::telemetry
