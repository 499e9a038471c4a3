// The screen of `top`: what is on it, and what keys do.
#include "libthrottle/inspect/top_screen.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/inspect/visible.h"

namespace throttle::inspect {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Wish = TopScreen::Wish;

LiveEntry entry(std::uint64_t peer, std::string label, std::int64_t seconds) {
  LiveEntry one;
  one.peer = peer;
  one.count = 1;
  one.client = "10.0.0.9:40022";
  one.label = std::move(label);
  one.span_us = seconds * 1'000'000;
  return one;
}

LiveSemaphore semaphore(std::string name, std::int64_t full, std::vector<LiveEntry> held,
                        std::vector<LiveEntry> waiting) {
  LiveSemaphore one;
  one.name = std::move(name);
  one.full = full;
  one.held = std::move(held);
  one.waiting = std::move(waiting);
  return one;
}

class TopScreenTest : public ::testing::Test {
 protected:
  TopScreenTest() {
    picture.head = "throttle-server 1.2, up 3h, http://127.0.0.1:8000";
    picture.semaphores = {semaphore("a", 3, {entry(1, "one", 9)}, {}),
                          semaphore("b", 1, {entry(2, "two \x1b[2J", 70)},
                                    {entry(3, "three", 50), entry(1, "one", 5)})};
  }
  std::vector<std::string> lines(std::size_t columns = 80, std::size_t rows = 24) const {
    return screen.lines(picture, {columns, rows});
  }
  Wish type(std::string_view bytes) {
    Wish wish = Wish::kDraw;
    for (const Key& key : keys_in(bytes))
      wish = screen.take(key, picture);
    return wish;
  }
  std::string second_line() const { return lines().at(1); }

  TopPicture picture;
  TopScreen screen{"2s", Zone::kUtc};
};

TEST(Keys, AreTextAndAFewOthers) {
  using enum Key::Is;
  EXPECT_THAT(keys_in("aé\r\x7f\x1b"),
              ElementsAre(Key{kCharacter, "a"}, Key{kCharacter, "é"}, Key{kEnter, ""},
                          Key{kBackspace, ""}, Key{kEscape, ""}));
  EXPECT_THAT(keys_in("\x1b[A\x1bOP\x1b[1;5C\x03"), ElementsAre(Key{kInterrupt, ""}));
  EXPECT_THAT(keys_in("\x01\xff\xc2\x85\x1b["), IsEmpty());
}

TEST_F(TopScreenTest, ShowsSemaphoresAboveThePeers) {
  EXPECT_THAT(lines(),
              ElementsAre("throttle-server 1.2, up 3h, http://127.0.0.1:8000",
                          StartsWith("00:00:00  every 2s  [s]ort: name  [f]ilter: -"),
                          StartsWith("SEMAPHORE "), StartsWith("a "), StartsWith("b "),
                          StartsWith("STATE "), HasSubstr(" one "), HasSubstr("two \\x1b[2J"),
                          HasSubstr(" three "), HasSubstr("waits ")));
}

TEST_F(TopScreenTest, FitsEveryScreen) {
  for (int i = 0; i < 200; ++i)
    picture.semaphores.push_back(
        semaphore("semaphore " + std::to_string(i), 1, {}, {entry(9, std::string(300, 'l'), i)}));
  for (const std::size_t columns : {0U, 20U, 33U, 80U, 300U})
    for (const std::size_t rows : {0U, 4U, 5U, 24U, 100U}) {
      const auto shown = lines(columns, rows);
      EXPECT_LE(shown.size(), rows == 0 ? 24 : rows);
      for (const std::string& line : shown)
        EXPECT_LE(width_of(line), columns == 0 ? 80 : columns) << line;
    }
  EXPECT_EQ(lines(0, 0), lines(80, 24)) << "a terminal that does not know its size";
  EXPECT_EQ(lines(1, 1), lines(20, 4));
  EXPECT_THAT(lines(), Contains(StartsWith("… and ")));
}

TEST_F(TopScreenTest, SortsByNameByWaitersAndByTheLongestWait) {
  EXPECT_THAT(lines()[3], StartsWith("a "));
  type("s");
  EXPECT_THAT(second_line(), HasSubstr("[s]ort: waiting"));
  EXPECT_THAT(lines()[3], StartsWith("b "));
  type("s");
  EXPECT_THAT(second_line(), HasSubstr("[s]ort: longest"));
  EXPECT_THAT(lines()[6], HasSubstr("two"));
  type("s");
  EXPECT_THAT(lines()[3], StartsWith("a "));
}

TEST_F(TopScreenTest, FiltersByWhatIsTyped) {
  type(
      "fthrexx\x7f\x7f"
      "e");
  EXPECT_EQ(second_line(), "Show what contains (Enter; empty: all): three");
  type("\r");
  EXPECT_THAT(second_line(), HasSubstr("[f]ilter: three"));
  EXPECT_THAT(lines(), Not(Contains(HasSubstr(" one "))));
  EXPECT_THAT(lines(), Contains(HasSubstr(" three ")));
  type("f");
  for (int i = 0; i < 10; ++i)
    type("\x7f");
  type("\r");
  EXPECT_THAT(lines(), Contains(HasSubstr(" one ")));
  type("fzzz\x1b");
  EXPECT_THAT(second_line(), HasSubstr("[f]ilter: -"));
}

TEST_F(TopScreenTest, KicksAfterAReasonAndAQuestion) {
  type("k1\r");
  EXPECT_THAT(second_line(), StartsWith("Why, for the log and the journal: "));
  type("\r");
  EXPECT_THAT(second_line(), StartsWith("Why")) << "without a reason";
  type("stuck\r");
  EXPECT_EQ(screen.lines(picture, {200, 24})[1],
            "[y/N] End peer 1 \"one\", which holds 1 of a, waits for 1 of b? "
            "(10.0.0.9:40022; its work may go on)");
  EXPECT_EQ(type("y"), Wish::kKick);
  EXPECT_EQ(screen.kick().peer, 1U);
  EXPECT_EQ(screen.kick().reason, "stuck");
}

TEST_F(TopScreenTest, KicksNobodyWithoutAYes) {
  EXPECT_EQ(type("k2\rstuck\rn"), Wish::kDraw);
  EXPECT_EQ(second_line(), "Nothing was ended.");
  EXPECT_EQ(type("k2\rstuck\r\r"), Wish::kDraw);
  type("k99\r");
  EXPECT_EQ(second_line(), "No such peer holds or waits.");
  type("klabel:t*\r");
  EXPECT_EQ(second_line(), "Several peers match; name one by its id.");
}

TEST_F(TopScreenTest, QuitsWithQAndWithCtrlC) {
  EXPECT_EQ(type("q"), Wish::kQuit);
  EXPECT_EQ(type("\x03"), Wish::kInterrupt);
  EXPECT_EQ(type("fq"), Wish::kDraw) << "typed into the filter";
  EXPECT_EQ(type("\x03"), Wish::kInterrupt);
}

TEST_F(TopScreenTest, SaysThatThePictureIsOld) {
  picture.trouble = "no answer within 5s";
  EXPECT_EQ(second_line(), "As of 00:00:00: no answer within 5s");
}

TEST_F(TopScreenTest, AFrameBeginsAtTheTopAndLeavesNothingOfTheOneBefore) {
  const std::string frame = screen.frame(picture, {80, 24});
  EXPECT_THAT(frame, StartsWith("\x1b[Hthrottle-server"));
  EXPECT_THAT(frame, ::testing::EndsWith("\x1b[K\x1b[J"));
  EXPECT_THAT(frame, HasSubstr("\x1b[7mSEMAPHORE"));
  EXPECT_THAT(frame, Not(HasSubstr("\x1b[2J")));
}

}  // namespace
}  // namespace throttle::inspect
