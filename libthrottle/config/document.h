// A configuration file as a tree of values, each with the place where it stands: what the rest of
// this room reads, so that only document.cc knows the TOML library.
// Threads: values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/config/findings.h"

namespace throttle::config {

struct Entry;

struct Value {
  enum class Kind : std::uint8_t { kInteger, kFloat, kString, kBoolean, kTime, kArray, kTable };

  Kind kind = Kind::kTable;
  Position position;
  std::int64_t integer = 0;    // of kInteger
  bool boolean = false;        // of kBoolean
  std::string text;            // of kString
  std::vector<Value> items;    // of kArray
  std::vector<Entry> entries;  // of kTable, in the order of their keys
};

struct Entry {
  std::string key;
  Position position;  // of the key
  Value value;
};

// Reads TOML 1.0. Where it is not, there is one error and no value: nobody can say what the rest
// means. What is nested deeper than any setting is left out.
std::optional<Value> parse_document(std::string_view text, Findings& findings);

// "the integer 3", "the string \"3\"", "a table": what stands where something else was expected.
std::string describe(const Value& value);

}  // namespace throttle::config
