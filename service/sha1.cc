// SHA-1 in the words of FIPS 180-4: the message is padded to blocks of 64 bytes, and each block is
// stirred into five words.
#include "service/sha1.h"

#include <bit>
#include <cstddef>
#include <string>

#include "libthrottle/core/check.h"

namespace throttle::service {

namespace {

constexpr std::size_t kBlockBytes = 64;
using Words = std::array<std::uint32_t, 5>;

// A one bit, zeros, and the length in bits in the last eight bytes.
std::string padded(std::string_view bytes) {
  std::string message(bytes);
  message += '\x80';
  while (message.size() % kBlockBytes != kBlockBytes - 8)
    message += '\0';
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8)
    message += static_cast<char>((bits >> shift) & 0xffU);
  return message;
}

std::array<std::uint32_t, 80> schedule(std::string_view block) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t byte = 0; byte < 4; ++byte)
      words[i] = (words[i] << 8U) | static_cast<unsigned char>(block[i * 4 + byte]);
  for (std::size_t i = 16; i < words.size(); ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  return words;
}

// The function and the constant of a round.
std::uint32_t mix(std::size_t round, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  if (round < 20) return ((b & c) | (~b & d)) + 0x5a827999U;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1U;
  if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
  return (b ^ c ^ d) + 0xca62c1d6U;
}

void stir(Words& digest, std::string_view block) {
  THROTTLE_CHECK(block.size() == kBlockBytes);
  const auto words = schedule(block);
  auto [a, b, c, d, e] = digest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint32_t next = std::rotl(a, 5) + mix(i, b, c, d) + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  digest = {digest[0] + a, digest[1] + b, digest[2] + c, digest[3] + d, digest[4] + e};
}

}  // namespace

std::array<std::uint32_t, 5> sha1(std::string_view bytes) {
  Words digest = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
  const std::string message = padded(bytes);
  for (std::size_t at = 0; at < message.size(); at += kBlockBytes)
    stir(digest, std::string_view(message).substr(at, kBlockBytes));
  return digest;
}

}  // namespace throttle::service
