// Numbers and headers as the bytes of a message; private to the two writers of this room.
// Threads: any.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace throttle::http {

inline void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// Control characters of the value become blanks, so that no value can end its line.
inline void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value)
    out.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  out.append("\r\n");
}

}  // namespace throttle::http
