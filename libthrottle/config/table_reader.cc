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

std::string expected_integer(Range range) {
  constexpr Range kAny;
  if (range.least == kAny.least && range.most == kAny.most) return "an integer";
  const std::string from = "an integer from " + std::to_string(range.least);
  return range.most == kAny.most ? from + " on" : from + " to " + std::to_string(range.most);
}

std::string instead_of(std::string_view expected, const Value& value) {
  return "expected " + std::string(expected) + ", got " + describe(value);
}

}  // namespace

bool TableReader::text(std::string_view key, std::string& target) {
  const Value* const value = find(key);
  if (value != nullptr && is_string(*value, key, "a string")) target = value->text;
  return value != nullptr;
}

std::optional<TableReader> TableReader::table(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Value::Kind::kTable) return TableReader(*value, path_of(key), findings_);
  error(*value, key, instead_of("a table", *value));
  return std::nullopt;
}

void TableReader::missing(std::string_view key, std::string_view expected) {
  findings_.error(table_.position, path_of(key), "missing; expected " + std::string(expected));
}

void TableReader::error(const Value& value, std::string_view key, std::string_view text) {
  findings_.error(value.position, path_of(key), text);
}

void TableReader::finish() const {
  for (const Entry& entry : table_.entries) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    std::string text = "unknown key";
    const std::string_view meant = closest(entry.key, known_);
    if (!meant.empty()) text += "; did you mean " + std::string(meant) + '?';
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
  if (!fits) error(value, key, instead_of(expected_integer(range), value));
  return fits;
}

bool TableReader::is_string(const Value& value, std::string_view key, std::string_view expected) {
  const bool fits = value.kind == Value::Kind::kString;
  if (!fits) error(value, key, instead_of(expected, value));
  return fits;
}

std::string TableReader::path_of(std::string_view key) const {
  const std::string name = is_bare(key) ? std::string(key) : quote(key);
  return path_.empty() ? name : path_ + '.' + name;
}

}  // namespace throttle::config
