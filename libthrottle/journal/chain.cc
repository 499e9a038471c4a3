// The encoding of chain.h.
#include "libthrottle/journal/chain.h"

namespace throttle::journal {

namespace {

constexpr std::uint8_t kInteger = 1;
constexpr std::uint8_t kText = 2;
constexpr std::size_t kLongestNumber = 10;

// 0, -1, 1, -2 … as 0, 1, 2, 3 …: small numbers of either sign take few bytes.
std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

// Unsigned LEB128; returns the end.
std::uint8_t* put_number(std::uint8_t* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U)
    *at++ = static_cast<std::uint8_t>(value | 0x80U);
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}

}  // namespace

Hash first_hash(std::string_view journal_id) noexcept {
  return sha256(journal_id);
}

void RowBytes::integer(std::int64_t value) {
  std::uint8_t* const from = room(1 + kLongestNumber);
  *from = kInteger;
  size_ += static_cast<std::size_t>(put_number(from + 1, zigzag(value)) - from);
}

void RowBytes::text(std::string_view value) {
  std::uint8_t* const from = room(1 + kLongestNumber + value.size());
  *from = kText;
  std::uint8_t* const at = put_number(from + 1, value.size());
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  size_ += static_cast<std::size_t>(at - from) + value.size();
}

}  // namespace throttle::journal
