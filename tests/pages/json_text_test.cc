// Strings as JSON: a reader of JSON must find what was written.
#include "libthrottle/pages/json_text.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace throttle::pages {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, PlainTextIsQuoted) {
  EXPECT_EQ(written(""), R"("")");
  EXPECT_EQ(written("nightly import"), R"("nightly import")");
}

TEST(JsonText, ReadsBackAsItWas) {
  std::string all;
  for (int c = 0; c < 128; ++c)
    all.push_back(static_cast<char>(c));
  for (const std::string& text :
       {all, std::string("caf\xC3\xA9 \xF0\x9F\x92\xA1"), std::string("a\"b\\c\nd\te\r\x01\x7f")})
    EXPECT_EQ(nlohmann::json::parse(written(text)), text);
}

TEST(JsonText, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(written("a\xFF z\xC3"), "\"a\xEF\xBF\xBD z\xEF\xBF\xBD\"");
}

TEST(JsonText, MembersHaveAName) {
  std::string out;
  append_json_member(out, "peer", std::uint64_t{18446744073709551615U});
  out.push_back(',');
  append_json_member(out, "label", "x");
  EXPECT_EQ(out, R"("peer": 18446744073709551615,"label": "x")");
}

}  // namespace
}  // namespace throttle::pages
