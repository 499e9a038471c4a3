// Compression of one message by zlib.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace throttle::telemetry {

enum class Compression : std::uint8_t { kNone, kZlib, kGzip };

// The whole text in the format (RFC 1950 or 1952); as it is, where there is no memory for it.
std::string compress(std::string_view text, Compression format);

}  // namespace throttle::telemetry
