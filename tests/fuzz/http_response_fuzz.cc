// Bytes of a server, cut into arbitrary pieces: the response must be that of the same bytes in one
// piece. The first byte of the input seeds the cuts; its lowest bits choose HEAD, and whether the
// server closes behind the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/check.h"
#include "tests/http/response_transcript.h"

namespace {

using throttle::http::Method;
using throttle::http::ResponseLimits;
using throttle::http::testing::response_transcript_of;

// Small, so that short inputs meet them too.
constexpr ResponseLimits kLimits{.head_bytes = 512, .header_count = 8, .body_bytes = 128};

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Method method = (data[0] & 1) != 0 ? Method::kHead : Method::kGet;
  const bool ended = (data[0] & 2) != 0;
  const std::string_view whole[] = {bytes};
  const auto pieces = cut(bytes, data[0]);
  THROTTLE_CHECK(response_transcript_of({whole, ended}, kLimits, method) ==
                 response_transcript_of({pieces, ended}, kLimits, method));
  return 0;
}
