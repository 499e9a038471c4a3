// Keeps the bytes of the unfinished line between two pieces of a stream.
#include "libthrottle/core/line_splitter.h"

#include <algorithm>

namespace throttle {

void LineSplitter::feed(std::string_view bytes) {
  bytes_.erase(0, begin_);
  begin_ = 0;
  bytes_.append(bytes);
}

std::optional<std::string_view> LineSplitter::next() {
  const std::string_view pending = std::string_view(bytes_).substr(begin_);
  const std::size_t end = pending.substr(0, max_line_bytes_ + 2).find('\n');
  if (end == std::string_view::npos) {
    // A CR that may belong to the line's end is left for the next look.
    const bool too_long = pending.size() > max_line_bytes_ + (pending.ends_with('\r') ? 1 : 0);
    if (!too_long) return std::nullopt;
    return take(max_line_bytes_, 0);
  }
  const bool crlf = end > 0 && pending[end - 1] == '\r';
  const std::size_t length = crlf ? end - 1 : end;
  if (length > max_line_bytes_) return take(max_line_bytes_, 0);
  return take(length, crlf ? 2 : 1);
}

std::optional<std::string_view> LineSplitter::rest() {
  const std::size_t length = std::min(bytes_.size() - begin_, max_line_bytes_);
  if (length == 0) return std::nullopt;
  return take(length, 0);
}

std::string_view LineSplitter::take(std::size_t length, std::size_t skipped) {
  const std::string_view line = std::string_view(bytes_).substr(begin_, length);
  begin_ += length + skipped;
  return line;
}

}  // namespace throttle
