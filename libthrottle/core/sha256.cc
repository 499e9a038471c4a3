// The compression function of FIPS 180-4, section 6.2.2, written out plainly: the message schedule
// is kept in sixteen rolling words, and the eight working variables change their names instead of
// their places, so a compiler keeps them in registers.
#include "libthrottle/core/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "libthrottle/core/check.h"

namespace throttle {

namespace {

using Word = std::uint32_t;

constexpr std::array<Word, 64> kRoundConstants{
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U,
    0xab1c5ed5U, 0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU,
    0x9bdc06a7U, 0xc19bf174U, 0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU,
    0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU, 0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U,
    0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U, 0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU,
    0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U, 0xa2bfe8a1U, 0xa81a664bU,
    0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U, 0x19a4c116U,
    0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
    0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U,
    0xc67178f2U};

Word load_big_endian(const std::uint8_t* bytes) {
  return Word{bytes[0]} << 24U | Word{bytes[1]} << 16U | Word{bytes[2]} << 8U | Word{bytes[3]};
}

Word choose(Word x, Word y, Word z) {
  return z ^ (x & (y ^ z));
}

Word majority(Word x, Word y, Word z) {
  return (x & y) | (z & (x | y));
}

Word big_sigma0(Word x) {
  return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
}

Word big_sigma1(Word x) {
  return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
}

Word small_sigma0(Word x) {
  return std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3U);
}

Word small_sigma1(Word x) {
  return std::rotr(x, 17) ^ std::rotr(x, 19) ^ (x >> 10U);
}

// One round. The caller rotates the names of the variables.
// NOLINTNEXTLINE(readability-function-size): the eight variables of the standard and an input.
inline void round(Word a, Word b, Word c, Word& d, Word e, Word f, Word g, Word& h, Word input) {
  const Word first = h + big_sigma1(e) + choose(e, f, g) + input;
  d += first;
  h = first + big_sigma0(a) + majority(a, b, c);
}

}  // namespace

void Sha256::compress(const std::uint8_t* block) noexcept {
  std::array<Word, 16> w;
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = load_big_endian(block + 4 * i);
  auto [a, b, c, d, e, f, g, h] = state_;
  const auto input = [&w](std::size_t i) {
    if (i >= 16)
      w[i % 16] += small_sigma1(w[(i + 14) % 16]) + w[(i + 9) % 16] + small_sigma0(w[(i + 1) % 16]);
    return w[i % 16] + kRoundConstants[i];
  };
  for (std::size_t i = 0; i < kRoundConstants.size(); i += 8) {
    round(a, b, c, d, e, f, g, h, input(i));
    round(h, a, b, c, d, e, f, g, input(i + 1));
    round(g, h, a, b, c, d, e, f, input(i + 2));
    round(f, g, h, a, b, c, d, e, input(i + 3));
    round(e, f, g, h, a, b, c, d, input(i + 4));
    round(d, e, f, g, h, a, b, c, input(i + 5));
    round(c, d, e, f, g, h, a, b, input(i + 6));
    round(b, c, d, e, f, g, h, a, input(i + 7));
  }
  const std::array<Word, 8> sum{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < sum.size(); ++i)
    state_[i] += sum[i];
}

void Sha256::update(std::span<const std::uint8_t> bytes) noexcept {
  THROTTLE_CHECK(!finished_);
  const std::size_t kept = bytes_ % kBlock;
  bytes_ += bytes.size();
  if (kept > 0) {
    const std::size_t taken = std::min(kBlock - kept, bytes.size());
    std::copy_n(bytes.data(), taken, tail_.data() + kept);
    if (kept + taken < kBlock) return;
    compress(tail_.data());
    bytes = bytes.subspan(taken);
  }
  for (; bytes.size() >= kBlock; bytes = bytes.subspan(kBlock))
    compress(bytes.data());
  std::copy_n(bytes.data(), bytes.size(), tail_.data());
}

void Sha256::update(std::string_view text) noexcept {
  update({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Sha256::Digest Sha256::finish() noexcept {
  const std::uint64_t bits = bytes_ * 8;
  std::array<std::uint8_t, kBlock + 8> padding{0x80};
  const std::size_t zeros = (2 * kBlock - 9 - bytes_ % kBlock) % kBlock;
  for (std::size_t i = 0; i < 8; ++i)
    padding[1 + zeros + i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
  update(std::span(padding).first(1 + zeros + 8));
  finished_ = true;
  Digest digest;
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

Sha256::Digest sha256(std::string_view text) noexcept {
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xfU];
  }
  return text;
}

}  // namespace throttle
