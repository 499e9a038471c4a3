#include "libthrottle/config/document.h"

#include <algorithm>
#include <cstddef>
#include <utility>

// The library recurses for every level, also to free what it read.
#define TOML_MAX_NESTED_VALUES 16
// It asserts (and with NDEBUG, lets some compilers assume) that a table header begins with a key
// before it looks whether it does, so that "[[[a]]]" ends the process. Without assertions it sees
// the mistake itself; the fuzzer holds it to that.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include "libthrottle/config/scan.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

constexpr std::size_t kDeepest = 8;

Position position_of(const toml::source_region& source) {
  // An empty document has no place of its own.
  return {std::max<std::uint32_t>(source.begin.line, 1),
          std::max<std::uint32_t>(source.begin.column, 1)};
}

Value convert(const toml::node& node, std::size_t depth) {
  Value value;
  value.position = position_of(node.source());
  if (const auto* const integer = node.as_integer()) {
    value.kind = Value::Kind::kInteger;
    value.integer = integer->get();
  } else if (const auto* const string = node.as_string()) {
    value.kind = Value::Kind::kString;
    value.text = string->get();
  } else if (node.is_floating_point()) {
    value.kind = Value::Kind::kFloat;
  } else if (const auto* const boolean = node.as_boolean()) {
    value.kind = Value::Kind::kBoolean;
    value.boolean = boolean->get();
  } else if (const auto* const array = node.as_array()) {
    value.kind = Value::Kind::kArray;
    for (const toml::node& item : *array) {
      if (depth == kDeepest) break;
      value.items.push_back(convert(item, depth + 1));
    }
  } else if (const auto* const table = node.as_table()) {
    for (const auto& [key, child] : *table) {
      if (depth == kDeepest) break;
      value.entries.push_back(
          {std::string(key.str()), position_of(key.source()), convert(child, depth + 1)});
    }
  } else {
    value.kind = Value::Kind::kTime;
  }
  return value;
}

// The library's words on one line and without its preamble.
std::string what_is_wrong(std::string_view description) {
  constexpr std::string_view kPreamble = "Error while parsing ";
  if (description.starts_with(kPreamble)) description.remove_prefix(kPreamble.size());
  std::string text = "not valid TOML: ";
  text += description;
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; }, ' ');
  return text;
}

}  // namespace

std::optional<Value> parse_document(std::string_view text, Findings& findings) {
  if (!scan(text, findings)) return std::nullopt;
  try {
    return convert(toml::parse(text), 0);
  } catch (const toml::parse_error& error) {
    findings.error(position_of(error.source()), "", what_is_wrong(error.description()));
    return std::nullopt;
  }
}

std::string describe(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInteger:
      return "the integer " + std::to_string(value.integer);
    case Value::Kind::kString:
      return "the string " + quote(value.text);
    case Value::Kind::kFloat:
      return "a floating-point number";
    case Value::Kind::kBoolean:
      return "a boolean";
    case Value::Kind::kTime:
      return "a date or time";
    case Value::Kind::kArray:
      return "an array";
    case Value::Kind::kTable:
      break;
  }
  return "a table";
}

}  // namespace throttle::config
