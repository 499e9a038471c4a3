// What the tests of every command line ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

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
  EXPECT_EQ(command.error().message, std::string(row.message) + " (--help shows what is possible)");
}

inline void expect_fits_terminal(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 80u) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

}  // namespace throttle::config
