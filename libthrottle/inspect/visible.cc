// Escapes and counts characters of UTF-8.
#include "libthrottle/inspect/visible.h"

#include <array>
#include <cstdio>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"

namespace throttle::inspect {

namespace {

bool is_control(char32_t character) {
  const auto within = [character](char32_t first, char32_t last) {
    return character >= first && character <= last;
  };
  return character < 0x20 || within(0x7f, 0x9f) || character == 0x061c ||  //
         within(0x200e, 0x200f) || within(0x2028, 0x202e) || within(0x2066, 0x2069) ||
         character == 0xfeff;
}

void append_hex(std::string& out, const char* format, unsigned value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, value);
  out += text.data();
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    if (character == kBrokenCharacter) {
      append_hex(out, "\\x%02x", static_cast<unsigned char>(before.front()));
    } else if (is_control(character)) {
      append_hex(out, character > 0xff ? "\\u%04x" : "\\x%02x", static_cast<unsigned>(character));
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

std::string visible_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t end = text.find('\n');
    out += visible(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::size_t width_of(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count)
    take_character(text);
  return count;
}

std::string cut(std::string_view text, std::size_t width) {
  THROTTLE_CHECK(width > 0);
  if (width_of(text) <= width) return std::string(text);
  std::string_view rest = text;
  for (std::size_t i = 0; i + 1 < width; ++i)
    take_character(rest);
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

}  // namespace throttle::inspect
