// What the two readers of this room demand of a message beyond Boost.Beast's grammar; private to
// them. Threads: any.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace throttle::http {

inline constexpr std::string_view kHeadEnd = "\r\n\r\n";
// Longest chunk header with its extensions, and longest trailer section: nobody uses either.
inline constexpr std::size_t kChunkHeaderBytes = 16 * 1024;

// Whether a header of `head` is continued on a second line: Beast joins such lines in a buffer of
// its own, or the value lies behind the end of a line.
inline bool is_folded(std::string_view head, std::string_view name, std::string_view value) {
  const char* const name_end = name.data() + name.size();
  const std::less<const char*> before;
  if (before(value.data(), name_end) || before(head.data() + head.size(), value.data())) {
    return true;
  }
  const auto between = static_cast<std::size_t>(value.data() - name_end);
  return std::string_view(name_end, between).find('\n') != std::string_view::npos;
}

}  // namespace throttle::http
