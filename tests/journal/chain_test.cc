// The bytes of the chain, spelled out: other programs will compute them too.
#include "libthrottle/journal/chain.h"

#include <gtest/gtest.h>

namespace throttle::journal {
namespace {

std::string hex_of_bytes(const Hash& previous, std::string_view bytes) {
  Sha256 hash;
  hash.update(previous);
  hash.update(bytes);
  return to_hex(hash.finish());
}

std::string hash_of(const Hash& previous, const RowBytes& rows) {
  Chain chain(previous);
  chain.add(rows);
  return to_hex(chain.finish());
}

TEST(Chain, HashesTheLetterAndEachColumn) {
  const Hash first = first_hash("0123456789abcdef0123456789abcdef");
  RowBytes rows;
  rows.row('e');
  rows.integer(0);
  rows.integer(-1);
  rows.integer(1);
  rows.integer(150);
  rows.null();
  rows.text("0,3");
  const std::string bytes(
      "e\x01\x00\x01\x01\x01\x02\x01\xac\x02\x00\x02\x03"
      "0,3",
      16);
  EXPECT_EQ(hash_of(first, rows), hex_of_bytes(first, bytes));
}

TEST(Chain, EncodesTheExtremesOfAnInteger) {
  const Hash first = first_hash("x");
  RowBytes rows;
  rows.integer(INT64_MAX);
  rows.integer(INT64_MIN);
  const std::string bytes(
      "\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
      22);
  EXPECT_EQ(hash_of(first, rows), hex_of_bytes(first, bytes));
}

TEST(Chain, HashesManyRows) {
  const Hash first = first_hash("x");
  std::string bytes;
  RowBytes rows;
  for (int i = 0; i < 10'000; ++i) {
    rows.row('d');
    rows.integer(-64);
    bytes += "d\x01\x7f";
  }
  rows.text(std::string(300, 'a'));
  bytes += "\x02\xac\x02" + std::string(300, 'a');
  EXPECT_EQ(hash_of(first, rows), hex_of_bytes(first, bytes));
}

}  // namespace
}  // namespace throttle::journal
