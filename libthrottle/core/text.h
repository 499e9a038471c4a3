// Text as people read it: the characters of UTF-8, how a message quotes what somebody wrote, and
// words in which capital letters are as good as small ones.
//
// Threads: pure functions.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace throttle {

// What take_character() gives for a byte that is not UTF-8.
inline constexpr char32_t kBrokenCharacter = 0xFFFFFFFF;

// Takes the first character off `rest`, which is not empty. Overlong forms, surrogates and numbers
// beyond U+10FFFF are not UTF-8: they give kBrokenCharacter and take one byte.
char32_t take_character(std::string_view& rest);

// Whether a character steers what shows it instead of being shown: the controls (also U+0080 to
// U+009F, which some terminals obey like ESC), the line and paragraph separators, and the marks
// that turn the direction of writing, with which one text can look like another.
bool is_steering(char32_t character);

// `text` in double quotes and on one line: quotes, backslashes, steering characters and what is not
// UTF-8 are escaped as in C ("a\n\x80"), and what follows the sixtieth character is left out ("..."
// before the closing quote says so).
std::string quote(std::string_view text);

// A number of things: "1 lease", "2 leases"; the second form also for nouns with another plural.
std::string counted(std::integral auto number, std::string_view one, std::string_view many) {
  return std::to_string(number).append(" ").append(number == 1 ? one : many);
}
std::string counted(std::integral auto number, std::string_view noun) {
  return counted(number, noun, std::string(noun) + 's');
}

// Whether both are the same except for the case of the letters of ASCII: names of hosts and
// headers.
bool equals_ignoring_case(std::string_view one, std::string_view other);

}  // namespace throttle
