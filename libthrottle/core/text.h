// Text as people read it: the characters of UTF-8, and how a message quotes what somebody wrote.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace throttle {

// What take_character() gives for a byte that is not UTF-8.
inline constexpr char32_t kBrokenCharacter = 0xFFFFFFFF;

// Takes the first character off `rest`, which is not empty. Overlong forms, surrogates and numbers
// beyond U+10FFFF are not UTF-8: they give kBrokenCharacter and take one byte.
char32_t take_character(std::string_view& rest);

// `text` in double quotes and on one line: quotes, backslashes, control characters and what is not
// UTF-8 are escaped as in C ("a\n\x80"), and what follows the sixtieth character is left out ("..."
// before the closing quote says so).
std::string quote(std::string_view text);

}  // namespace throttle
