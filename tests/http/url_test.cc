// Percent decoding: what is decoded, and what is refused.
#include "libthrottle/http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

auto pair(std::string_view name, std::string_view value) {
  return AllOf(Field(&QueryPair::name, name), Field(&QueryPair::value, value));
}

TEST(UrlSegment, IsDecodedExactlyOnce) {
  EXPECT_EQ(decode_segment("A").value(), "A");
  EXPECT_EQ(decode_segment("").value(), "");
  EXPECT_EQ(decode_segment("%2F%26").value(), "/&");
  EXPECT_EQ(decode_segment("%2f&").value(), "/&");
  EXPECT_EQ(decode_segment("%2541").value(), "%41");
  EXPECT_EQ(decode_segment("%00x").value(), std::string("\0x", 2));
}

TEST(UrlSegment, KeepsPlusAsPlus) {
  EXPECT_EQ(decode_segment("a+b%2Bc").value(), "a+b+c");
}

TEST(UrlSegment, TakesUtf8FromEveryPlane) {
  EXPECT_EQ(decode_segment("caf%C3%A9").value(), "caf\xC3\xA9");
  EXPECT_EQ(decode_segment("caf\xC3\xA9").value(), "caf\xC3\xA9");
  EXPECT_EQ(decode_segment("%F0%9F%94%92").value(), "\xF0\x9F\x94\x92");
}

TEST(UrlSegment, RefusesPercentWithoutTwoDigitsAndSaysWhere) {
  for (const auto* text : {"ab%", "ab%4", "ab%4g", "ab%g4", "ab%%41", "ab% 1"}) {
    const auto decoded = decode_segment(text);
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(decoded.error().message, AllOf(HasSubstr(text), HasSubstr("character 3")));
  }
}

TEST(UrlSegment, RefusesWhatIsNotUtf8) {
  for (const auto* text : {"%FF", "%80", "%C3", "%C0%80", "%ED%A0%80", "%F4%90%80%80", "\xFF"}) {
    const auto decoded = decode_segment(text);
    ASSERT_FALSE(decoded) << text;
    EXPECT_THAT(decoded.error().message, HasSubstr("UTF-8"));
  }
}

TEST(UrlQuery, GivesPairsInTheOrderSent) {
  EXPECT_THAT(parse_query("block_for=5s&expires_in=300000ms").value(),
              ElementsAre(pair("block_for", "5s"), pair("expires_in", "300000ms")));
}

TEST(UrlQuery, ReadsPlusAsBlankAndDecodesBothSides) {
  EXPECT_THAT(parse_query("block_for=1s+500ms&%61=%2B%26%3D").value(),
              ElementsAre(pair("block_for", "1s 500ms"), pair("a", "+&=")));
}

TEST(UrlQuery, KeepsDoubledNames) {
  EXPECT_THAT(parse_query("a=1&a=2").value(), ElementsAre(pair("a", "1"), pair("a", "2")));
}

TEST(UrlQuery, LeavesOutEmptyPairsAndKnowsEmptyValues) {
  EXPECT_TRUE(parse_query("").value().empty());
  EXPECT_TRUE(parse_query("&&").value().empty());
  EXPECT_THAT(parse_query("a&b=&=c&d==").value(),
              ElementsAre(pair("a", ""), pair("b", ""), pair("", "c"), pair("d", "=")));
}

TEST(UrlQuery, RefusesBadNamesAndValues) {
  EXPECT_FALSE(parse_query("ok=1&a=%"));
  EXPECT_FALSE(parse_query("%4=1"));
  EXPECT_FALSE(parse_query("a=%FF"));
}

}  // namespace
}  // namespace throttle::http
