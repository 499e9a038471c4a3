// Looks through a TOML text for what the library that parses it must not be given.
//
// toml++ 3.3 asks of characters whether they are blanks, and has undefined behaviour if they are
// beyond ASCII. It does so outside of strings and comments, where none of them is valid; where a
// line of a long string is continued; and while it looks ahead for the end of a number, whatever
// follows. It also recurses for every part of a dotted key. So all of that is refused here; all
// else that is not TOML is left to the library. Threads: pure functions.
#pragma once

#include <string_view>

#include "libthrottle/config/findings.h"

namespace throttle::config {

// Whether the library may parse the text, which then is UTF-8 as well. If not, there is one error.
// Valid TOML that is refused nevertheless: more than 2048 bytes outside of strings in one line, and
// a character beyond ASCII as the first one after a line that ends in a backslash, or in a string
// that follows a number without a blank (1="\u00FC").
bool scan(std::string_view text, Findings& findings);

}  // namespace throttle::config
