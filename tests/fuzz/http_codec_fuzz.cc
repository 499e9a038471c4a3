// Bytes of a client, cut into arbitrary pieces: the requests must be those of the same bytes in one
// piece, and so must be what is incomplete in the end. The first byte of the input seeds the cuts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/check.h"
#include "tests/http/transcript.h"

namespace {

using throttle::http::Limits;
using Phase = throttle::http::Conversation::Phase;
using throttle::http::testing::Transcript;
using throttle::http::testing::transcript_of;

// Small, so that short inputs meet them too.
constexpr Limits kLimits{
    .target_bytes = 64, .head_bytes = 512, .header_count = 8, .body_bytes = 128};

// Pieces of 1 to 16 bytes, by a linear congruential generator.
std::vector<std::string_view> cut(std::string_view bytes, std::uint32_t seed) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    seed = seed * 1664525 + 1013904223;
    const std::size_t size = std::min<std::size_t>(1 + (seed >> 28), bytes.size());
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

bool in_body_or_over(const Transcript& transcript) {
  return transcript.phase() == Phase::kBody || transcript.phase() == Phase::kOver;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view whole[] = {bytes};
  const auto in_one = transcript_of(whole, kLimits);
  const auto in_pieces = transcript_of(cut(bytes, data[0]), kLimits);
  THROTTLE_CHECK(in_one.requests() == in_pieces.requests());
  // Beast reads an open quote in a chunk extension beyond its line, as far as the piece goes; so it
  // may see sooner or later that such a body is broken.
  const bool both_in_body = in_body_or_over(in_one) && in_body_or_over(in_pieces);
  THROTTLE_CHECK(in_one.phase() == in_pieces.phase() || both_in_body);
  return 0;
}
