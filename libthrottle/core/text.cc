// Decodes UTF-8, and escapes what a message should not repeat as it is.
#include "libthrottle/core/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace throttle {

namespace {

constexpr std::size_t kQuotedCharacters = 60;

// How many bytes a character has whose first byte this is; 0 if no character starts so.
std::size_t length_by_lead(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

bool is_scalar_of_length(char32_t value, std::size_t length) {
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  return value >= kLeast[length] && value <= 0x10FFFF && !surrogate;
}

void append_escaped(std::string& out, std::string_view bytes, char32_t character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (character == '"' || character == '\\') {
    out += '\\';
    out += bytes;
  } else if (character == '\n') {
    out += "\\n";
  } else if (character == '\r') {
    out += "\\r";
  } else if (character == '\t') {
    out += "\\t";
  } else if (character == kBrokenCharacter || is_steering(character)) {
    for (const char byte : bytes) {
      const auto value = static_cast<std::uint8_t>(byte);
      out += "\\x";
      out += kHex[value >> 4];
      out += kHex[value & 15];
    }
  } else {
    out += bytes;
  }
}

}  // namespace

char32_t take_character(std::string_view& rest) {
  const auto lead = static_cast<std::uint8_t>(rest.front());
  const std::size_t length = length_by_lead(lead);
  if (length == 1) {
    rest.remove_prefix(1);
    return lead;
  }
  char32_t value = lead & (0x7Fu >> length);
  bool whole = length != 0 && length <= rest.size();
  for (std::size_t i = 1; whole && i < length; ++i) {
    const auto byte = static_cast<std::uint8_t>(rest[i]);
    whole = (byte & 0xC0) == 0x80;
    value = (value << 6) | (byte & 0x3Fu);
  }
  whole = whole && is_scalar_of_length(value, length);
  rest.remove_prefix(whole ? length : 1);
  return whole ? value : kBrokenCharacter;
}

bool is_steering(char32_t character) {
  const auto within = [character](char32_t first, char32_t last) {
    return character >= first && character <= last;
  };
  return character < 0x20 || within(0x7F, 0x9F) || character == 0x061C || within(0x200E, 0x200F) ||
         within(0x2028, 0x202E) || within(0x2066, 0x2069);
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < kQuotedCharacters && !text.empty(); ++i) {
    std::string_view rest = text;
    const char32_t character = take_character(rest);
    append_escaped(out, text.substr(0, text.size() - rest.size()), character);
    text = rest;
  }
  out += text.empty() ? "\"" : "...\"";
  return out;
}

bool equals_ignoring_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(one, other, {}, lower, lower);
}

}  // namespace throttle
