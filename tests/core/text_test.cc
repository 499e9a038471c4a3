// Characters of UTF-8, and quotation in messages.
#include "libthrottle/core/text.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle {
namespace {

std::vector<char32_t> characters(std::string_view text) {
  std::vector<char32_t> out;
  while (!text.empty()) {
    out.push_back(take_character(text));
  }
  return out;
}

using testing::Each;
using testing::ElementsAre;

TEST(Text, TakesCharactersOfEveryLength) {
  EXPECT_THAT(characters("a\u00B5\u3000\U0001F600z"),
              ElementsAre(U'a', U'\u00B5', U'\u3000', U'\U0001F600', U'z'));
  EXPECT_THAT(characters("\x7F\u0080\u07FF\u0800\uFFFF\U00010000\U0010FFFF"),
              ElementsAre(0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF));
}

TEST(Text, TakesOneByteOfWhatIsNotUtf8) {
  for (const std::string_view text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF"}) {
    EXPECT_THAT(characters(text), Each(kBrokenCharacter)) << testing::PrintToString(text);
    EXPECT_EQ(characters(text).size(), text.size());
  }
  EXPECT_THAT(characters("\xE2\x82z"), ElementsAre(kBrokenCharacter, kBrokenCharacter, U'z'));
}

TEST(Text, ComparesWordsWhateverTheCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-LENGTH", "content-length"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("local", "localhost"));
  EXPECT_FALSE(equals_ignoring_case("[", "{")) << "no letters";
}

TEST(Text, QuotesOnOneSafeLine) {
  EXPECT_EQ(quote(""), R"("")");
  EXPECT_EQ(quote("b\u00FCro"), "\"b\u00FCro\"");
  EXPECT_EQ(quote("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quote("\r\n\t\x1B[0m\x7F"), R"("\r\n\t\x1b[0m\x7f")");
  EXPECT_EQ(quote(std::string_view("\0", 1)), R"("\x00")");
  EXPECT_EQ(quote("\u0085"), R"("\xc2\x85")");
  EXPECT_EQ(quote("a\xFFz"), R"("a\xffz")");
}

TEST(Text, QuotesSixtyCharactersAndNoMore) {
  const std::string sixty(60, 'x');
  EXPECT_EQ(quote(sixty), '"' + sixty + '"');
  EXPECT_EQ(quote(sixty + 'x'), '"' + sixty + "...\"");
}

TEST(Text, CountsThings) {
  EXPECT_EQ(counted(0, "lease"), "0 leases");
  EXPECT_EQ(counted(1U, "lease"), "1 lease");
  EXPECT_EQ(counted(-1, "lease"), "-1 leases");
  EXPECT_EQ(counted(std::size_t{2}, "proxy", "proxies"), "2 proxies");
}

}  // namespace
}  // namespace throttle
