// Checks the type and form of each value, and reports keys that nothing has read.
#include "libthrottle/config/table_reader.h"

#include <algorithm>

#include "libthrottle/config/closest.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

bool is_bare(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

bool has_shape(const Value& value, Shape shape) {
  using Kind = Value::Kind;
  switch (shape) {
    case Shape::kString:
      return value.kind == Kind::kString;
    case Shape::kInteger:
      return value.kind == Kind::kInteger;
    case Shape::kStringOrInteger:
      return value.kind == Kind::kString || value.kind == Kind::kInteger;
    case Shape::kBoolean:
      return value.kind == Kind::kBoolean;
    case Shape::kStrings:
      return value.kind == Kind::kArray;
    case Shape::kOneOrMore:
      return value.kind == Kind::kString || value.kind == Kind::kInteger ||
             (value.kind == Kind::kArray && !value.items.empty());
    case Shape::kTable:
      return value.kind == Kind::kTable;
  }
  return false;
}

// Of a value that is a text by itself.
std::string text_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInteger:
      return std::to_string(value.integer);
    case Value::Kind::kBoolean:
      return value.boolean ? "true" : "false";
    default:
      return value.text;
  }
}

}  // namespace

bool TableReader::text(std::string_view key, std::string& target) {
  const Value* const value = find(key);
  if (value != nullptr && is_string(*value, key, "a string")) target = value->text;
  return value != nullptr;
}

bool TableReader::texts(std::string_view key, Shape shape, std::string_view expected,
                        const TakeText& take) {
  THROTTLE_CHECK(take != nullptr);
  const Value* const value = find(key);
  if (value == nullptr) return false;
  if (!has_shape(*value, shape)) {
    unfit(*value, key, expected);
  } else if (shape == Shape::kStrings || shape == Shape::kTable) {
    take_parts(*value, key, take);
  } else if (value->kind == Value::Kind::kArray) {
    for (const Value& item : value->items) {
      if (has_shape(item, Shape::kStringOrInteger))
        take_one(item, key, expected, take);
      else
        unfit(item, key, expected);
    }
  } else {
    take_one(*value, key, expected, take);
  }
  return true;
}

void TableReader::take_one(const Value& value, std::string_view key, std::string_view expected,
                           const TakeText& take) const {
  const auto taken = take(text_of(value));
  if (taken) return;
  const bool quoted = value.kind != Value::Kind::kInteger;
  quoted ? error(value, key, taken.error().message) : unfit(value, key, expected);
}

void TableReader::take_parts(const Value& value, std::string_view key, const TakeText& take) {
  for (const Value& item : value.items) {
    if (!is_string(item, key, "a string in the array")) continue;
    if (const auto taken = take(item.text); !taken) error(item, key, taken.error().message);
  }
  const TableReader parts(value, path_of(key), findings_);
  for (const Entry& entry : value.entries) {
    if (!has_shape(entry.value, Shape::kStringOrInteger)) {
      parts.unfit(entry.value, entry.key, "a string or an integer");
    } else if (const auto taken = take(entry.key + '=' + text_of(entry.value)); !taken) {
      parts.error(entry.value, entry.key, taken.error().message);
    }
  }
}

std::optional<TableReader> TableReader::table(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Value::Kind::kTable) return TableReader(*value, path_of(key), findings_);
  unfit(*value, key, "a table");
  return std::nullopt;
}

void TableReader::missing(std::string_view key, std::string_view expected) {
  findings_.error(table_.position, path_of(key), "missing; expected " + std::string(expected));
}

void TableReader::error(const Value& value, std::string_view key, std::string_view text) const {
  findings_.error(value.position, path_of(key), text);
}

void TableReader::warning(const Value& value, std::string_view key, std::string_view text) const {
  findings_.warning(value.position, path_of(key), text);
}

void TableReader::doubt(const Value& value, std::string_view key, std::string_view text) const {
  findings_.doubt(value.position, path_of(key), text);
}

void TableReader::unfit(const Value& value, std::string_view key, std::string_view expected) const {
  error(value, key, "expected " + std::string(expected) + ", got " + describe(value));
}

void TableReader::doubt_duration(const Value& value, std::string_view key) const {
  const std::string written = text_of(value);
  const std::string doubt = doubt_of_duration(written);
  if (!doubt.empty()) warning(value, key, written + ' ' + doubt);
}

void TableReader::finish(Strangers strangers) const {
  for (const Entry& entry : table_.entries) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    std::string text = "unknown key";
    const std::string_view meant = closest(entry.key, known_);
    if (!meant.empty()) text += "; did you mean " + std::string(meant) + '?';
    if (strangers == Strangers::kRefuse)
      findings_.error(entry.position, path_of(entry.key), text);
    else
      findings_.warning(entry.position, path_of(entry.key), text);
  }
}

const Value* TableReader::find(std::string_view key) {
  known_.emplace_back(key);
  const auto entry = std::ranges::find(table_.entries, key, &Entry::key);
  return entry == table_.entries.end() ? nullptr : &entry->value;
}

bool TableReader::in_range(const Value& value, std::string_view key, Range range) {
  const bool fits = value.kind == Value::Kind::kInteger && value.integer >= range.least &&
                    value.integer <= range.most;
  if (!fits) unfit(value, key, expected_integer(range));
  return fits;
}

bool TableReader::is_string(const Value& value, std::string_view key, std::string_view expected) {
  const bool fits = value.kind == Value::Kind::kString;
  if (!fits) unfit(value, key, expected);
  return fits;
}

std::string TableReader::path_of(std::string_view key) const {
  const std::string name = is_bare(key) ? std::string(key) : quote(key);
  return path_.empty() ? name : path_ + '.' + name;
}

}  // namespace throttle::config
