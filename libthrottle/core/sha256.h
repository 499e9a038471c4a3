// SHA-256 (FIPS 180-4), for the hash chain of the journal.
//
// A Sha256 is fed in pieces of any size and gives its digest once. It never fails and allocates
// nothing. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace throttle {

class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  void update(std::span<const std::uint8_t> bytes) noexcept;
  void update(std::string_view text) noexcept;
  // Call it once; the object takes no more bytes afterwards.
  Digest finish() noexcept;

 private:
  static constexpr std::size_t kBlock = 64;

  void compress(const std::uint8_t* block) noexcept;

  std::array<std::uint32_t, 8> state_{0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                      0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};
  std::array<std::uint8_t, kBlock> tail_{};  // the bytes of an unfinished block
  std::uint64_t bytes_ = 0;                  // all that were fed
  bool finished_ = false;
};

// Of one text.
Sha256::Digest sha256(std::string_view text) noexcept;

// The bytes as lower-case hexadecimal digits.
std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace throttle
