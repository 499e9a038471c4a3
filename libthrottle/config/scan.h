// Looks through a TOML text for what the library that parses it must not be given.
//
// It recurses for every part of a dotted key, so a key of very many parts is refused here. So are
// bytes that are not UTF-8, and characters beyond ASCII outside of strings and comments, because
// people understand our words for them better. All else that is not TOML is left to the library.
// Threads: pure functions.
#pragma once

#include <string_view>

#include "libthrottle/config/findings.h"

namespace throttle::config {

// Whether the library may parse the text, which then is UTF-8 as well. If not, there is one error.
// Valid TOML that is refused nevertheless: a dotted key of more than 64 parts.
bool scan(std::string_view text, Findings& findings);

}  // namespace throttle::config
