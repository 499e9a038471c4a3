// What the tests of every command line ask.
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/config/command_line.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

using Arguments = std::vector<const char*>;

inline std::string joined(const Arguments& arguments) {
  std::string text;
  for (const std::string_view argument : arguments)
    text += std::string(argument) + ' ';
  return text;
}

struct Refuses {
  Arguments arguments;
  std::string_view message;
};

template <typename Command>
void expect_refused(const Result<Command>& command, const Refuses& row) {
  ASSERT_FALSE(command.has_value()) << joined(row.arguments);
  EXPECT_EQ(command.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(command.error().message,
            std::string(row.message) + " (--help all shows what is possible)");
}

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Characters, not bytes, are columns: all of these texts are made of narrow letters.
inline void expect_fits_terminal(std::string_view text) {
  for (const std::string& line : lines_of(text)) {
    const auto columns = std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; });
    EXPECT_LE(columns, static_cast<std::ptrdiff_t>(kHelpColumns)) << line;
  }
}

// The words of a text that begin with a hyphen or two, as "--port" and "-p".
inline std::set<std::string> options_in(std::string_view text) {
  std::set<std::string> found;
  std::string word;
  for (const char c : std::string(text) + ' ') {
    const bool in_word = c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!in_word) {
      if (word.size() > 1 && word.front() == '-' && word != "--") found.insert(word);
      word.clear();
    } else {
      word += c;
    }
  }
  return found;
}

// What --help shows fits one screen, and each of its options is in what --help all shows.
inline void expect_brief(std::string_view brief, std::string_view all) {
  expect_fits_terminal(brief);
  EXPECT_LE(lines_of(brief).size(), kHelpLines) << brief;
  EXPECT_EQ(brief.back(), '\n');
  EXPECT_NE(brief.find("--help all"), std::string_view::npos) << brief;
  const std::set<std::string> known = options_in(all);
  for (const std::string& option : options_in(brief))
    EXPECT_TRUE(known.contains(option)) << option;
}

}  // namespace throttle::config
