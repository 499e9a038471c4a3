// Lines are the same for all ways to cut a stream into pieces.
#include "libthrottle/core/line_splitter.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using Lines = std::vector<std::string>;

// Feeds `text` in pieces of `piece` bytes.
Lines split(std::string_view text, std::size_t piece, std::size_t max_line_bytes) {
  LineSplitter splitter(max_line_bytes);
  Lines lines;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    splitter.feed(text.substr(0, piece));
    while (const auto line = splitter.next())
      lines.emplace_back(*line);
  }
  while (const auto line = splitter.rest())
    lines.emplace_back(*line);
  return lines;
}

TEST(LineSplitter, GivesTheSameLinesHoweverTheBytesCome) {
  const std::string text = "one\r\n\ntwo\nabcde\nabcdef\r\nabcdefghijklm\n\r\nxy\rz\nlast";
  const Lines lines = {"one",   "",      "two", "abcde", "abcde", "f",
                       "abcde", "fghij", "klm", "",      "xy\rz", "last"};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(split(text, piece, 5), lines) << "in pieces of " << piece;
  }
}

TEST(LineSplitter, CountsNoLineEndAgainstTheBound) {
  EXPECT_EQ(split("abc\r\nabc\nabc", 1, 3), (Lines{"abc", "abc", "abc"}));
  EXPECT_EQ(split("abcd\r\n", 1, 3), (Lines{"abc", "d"}));
}

TEST(LineSplitter, HasNoLastLineAfterALineEnd) {
  EXPECT_EQ(split("one\n", 4, 80), Lines{"one"});
}

TEST(LineSplitter, GivesAnUnendingLineInPieces) {
  EXPECT_EQ(split(std::string(1000, 'x'), 64, 300).size(), 4U);
}

}  // namespace
}  // namespace throttle
