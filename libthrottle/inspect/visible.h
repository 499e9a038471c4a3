// Text that clients chose, as a terminal may show it: nothing in it can move the cursor, change
// colours or reverse the reading direction. Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace throttle::inspect {

// Control characters become \x1b, \x85, \u2028; what is not UTF-8 becomes \xff. Tabs and line ends
// are control characters, too.
std::string visible(std::string_view text);

// The same for a text of several lines: their ends stay.
std::string visible_lines(std::string_view text);

// How many characters the text has. Of a visible() one that is its width on a terminal, except for
// wide and combining characters.
std::size_t width_of(std::string_view text);

// The first characters, and "…" as the last one where the text has more than `width`, which is not
// 0.
std::string cut(std::string_view text, std::size_t width);

}  // namespace throttle::inspect
