// The calls of zlib, in one place.
#include "libthrottle/telemetry/compression.h"

#include <zlib.h>

namespace throttle::telemetry {

std::string compress(std::string_view text, Compression format) {
  if (format == Compression::kNone) return std::string(text);
  constexpr int kLargestWindow = 15;
  constexpr int kGzipHeader = 16;  // added to the window's size, says zlib
  constexpr int kDefaultMemory = 8;
  const int window = format == Compression::kGzip ? kLargestWindow + kGzipHeader : kLargestWindow;

  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, kDefaultMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::string(text);
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // into the bound, so at once
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace throttle::telemetry
