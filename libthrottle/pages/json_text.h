// JSON, appended to a text piece by piece; for pages that are too long to be a tree in memory.
// Threads: pure functions.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace throttle::pages {

// `text` in quotes. What is not UTF-8 becomes U+FFFD, so that the page is JSON whatever it names.
void append_json_string(std::string& out, std::string_view text);

// `"name": ` and then the value.
void append_json_member(std::string& out, std::string_view name, std::string_view value);

template <std::integral Number>
void append_json_member(std::string& out, std::string_view name, Number value) {
  append_json_string(out, name);
  out.append(": ");
  out.append(std::to_string(value));
}

}  // namespace throttle::pages
