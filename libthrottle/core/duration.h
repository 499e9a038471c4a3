// Durations as people and existing clients write them: "1h 30m", "1.5s", "300000ms", "5min".
//
// The grammar is that of Rust's humantime 2.4, which every published client speaks: a sequence of
// number and unit, blanks anywhere, decimal fractions that come out even, "0" alone.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle {

// Reads a duration. What humantime accepts is accepted; a value beyond kForever saturates to it.
// Error kInvalidArgument: the text says what is wrong and at which character, and where a unit is
// wrong or missing, which ones exist.
Result<Duration> parse_duration(std::string_view text);

// The canonical form, as humantime prints it: "0s", "1s 500ms", "1day 2h", "2years". It reads back
// as the same length. A length below zero is written "0s".
std::string format_duration(Duration length);

}  // namespace throttle
