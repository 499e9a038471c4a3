// A configuration with one mistake, and what is said of it.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "libthrottle/config/settings_file.h"

namespace throttle::config {

struct Mistake {
  std::string text;
  std::string message;  // without "t.toml:"
};

inline void expect_message(const Mistake& row) {
  const auto loaded = parse_settings(row.text, "t.toml");
  ASSERT_FALSE(loaded.has_value()) << row.text;
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(loaded.error().message, "t.toml:" + row.message) << row.text;
}

}  // namespace throttle::config
