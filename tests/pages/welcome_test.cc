// The greeting for terminals and browsers, and the icon.
#include "libthrottle/pages/welcome.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Welcome, GreetsTerminalsWithTheVersionAndALineEnd) {
  const std::string text = welcome_text("1.2.3", "GET,HEAD    /metrics\n");
  EXPECT_THAT(text, HasSubstr("Throttle 1.2.3"));
  EXPECT_THAT(text, HasSubstr("\n\nGET,HEAD    /metrics\n"));
  EXPECT_EQ(text.back(), '\n');
  EXPECT_THAT(text, Not(HasSubstr("<")));
}

TEST(Welcome, ShowsEachSemaphoreAndEscapesItsName) {
  const SemaphoreState state{.name = "<b>&", .full_count = 7, .acquired = 3, .waiting = 2};
  const std::string page = welcome_page("1.2.3", {&state, 1}, "");
  EXPECT_THAT(page, HasSubstr("<td>&lt;b&gt;&amp;</td><td>7</td><td>3</td><td>2</td>"));
}

TEST(Welcome, SaysWhatToDoWhereNothingIsConfigured) {
  EXPECT_THAT(welcome_page("1.2.3", {}, ""), HasSubstr("[semaphores]"));
}

TEST(Welcome, ListsAllRoutesInABrowserToo) {
  EXPECT_THAT(welcome_page("1.2.3", {}, "PUT  /peers/{id}\nGET  /<x>\n"),
              HasSubstr("<pre>PUT  /peers/{id}\nGET  /&lt;x&gt;\n</pre>"));
}

TEST(Welcome, LeadsFromUnknownPathsBackToTheStart) {
  EXPECT_THAT(not_found_page(), HasSubstr("<a href=\"/\">"));
}

// The icon that the original server sends has 1150 bytes as well: 16 x 16 pixels with alpha.
TEST(Welcome, DrawsAnIconOfOneImageWhoseSizesAddUp) {
  const std::string icon = favicon();
  const auto u32 = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i > 0; --i) {
      value = value << 8U | static_cast<unsigned char>(icon[at + i - 1]);
    }
    return value;
  };
  ASSERT_EQ(icon.size(), 1150U);
  EXPECT_EQ(icon.substr(0, 6), std::string("\0\0\1\0\1\0", 6));
  EXPECT_EQ(icon[6], 16);
  EXPECT_EQ(u32(14) + u32(18), icon.size());  // length and offset of the image
  EXPECT_NE(icon.find_first_not_of('\0', 62), std::string::npos);
}

}  // namespace
}  // namespace throttle::pages
