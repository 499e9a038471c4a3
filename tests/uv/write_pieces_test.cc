// Writes longer than an int are cut into pieces in order.
#include "libthrottle/uv/write_pieces.h"

#include <cstddef>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace throttle::uv {
namespace {

// As long as is asked for; nobody reads its bytes.
std::string_view of_length(std::size_t size) {
  static const char kByte = 'x';
  return {&kByte, size};
}

TEST(WritePieces, CutsWhatIsBeyondAnInt) {
  const std::size_t size = 3 * static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
  Outgoing rest{of_length(size), of_length(size)};
  std::size_t written = 0;
  int pieces = 0;
  while (rest.size() > 0) {
    const Outgoing piece = take_front(rest, kMostBytesOfAWrite);
    ASSERT_GT(piece.size(), 0U);
    ASSERT_LE(piece.size(), kMostBytesOfAWrite);
    written += piece.size();
    ++pieces;
  }
  EXPECT_EQ(written, 2 * size);
  EXPECT_EQ(pieces, 12);
  EXPECT_LE(kMostBytesOfAWrite, static_cast<std::size_t>(std::numeric_limits<int>::max()));
}

TEST(WritePieces, KeepsTheOrder) {
  Outgoing rest{"abc", "defg"};
  Outgoing piece = take_front(rest, 2);
  EXPECT_EQ(piece.head, "ab");
  EXPECT_EQ(piece.body, "");
  piece = take_front(rest, 3);
  EXPECT_EQ(piece.head, "c");
  EXPECT_EQ(piece.body, "de");
  piece = take_front(rest, 100);
  EXPECT_EQ(piece.head, "");
  EXPECT_EQ(piece.body, "fg");
  EXPECT_EQ(rest.size(), 0U);
}

}  // namespace
}  // namespace throttle::uv
