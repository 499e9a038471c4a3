// Reads one table of a configuration file into settings, key by key.
//
// A key that is absent leaves its setting as it is; a value that does not fit does so too and is a
// finding that says what was expected and what stands there. The keys a reader was asked for are
// those that exist: at the end it warns of all others. Threads: one.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/config/document.h"
#include "libthrottle/config/findings.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

// Inclusive.
struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

template <std::integral T>
constexpr Range range_of() {
  using Limits = std::numeric_limits<T>;
  return {std::in_range<std::int64_t>(Limits::min()) ? static_cast<std::int64_t>(Limits::min()) : 0,
          std::in_range<std::int64_t>(Limits::max()) ? static_cast<std::int64_t>(Limits::max())
                                                     : Range().most};
}

// How a T is written as a string. `expected` is what messages call it; the error text of `parse`
// stands for itself.
template <typename T>
struct Form {
  std::string_view expected;
  Result<T> (*parse)(std::string_view);
};

class TableReader {
 public:
  // Both outlive the reader. `path` is how messages call the table; empty: the top of the file.
  // `table` is one.
  TableReader(const Value& table, std::string path, Findings& findings)
      : table_(table), path_(std::move(path)), findings_(findings) {}

  // The readers return whether the key is there, with a value that fits or not.

  template <std::integral T>
  bool integer(std::string_view key, T& target, Range range = range_of<T>()) {
    const Value* const value = find(key);
    if (value == nullptr) return false;
    if (in_range(*value, key, range)) target = static_cast<T>(value->integer);
    return true;
  }

  // A string in the form.
  template <typename T>
  bool formed(std::string_view key, T& target, const Form<T>& form) {
    const Value* const value = find(key);
    if (value == nullptr) return false;
    if (!is_string(*value, key, form.expected)) return true;
    Result<T> result = form.parse(value->text);
    if (result) {
      target = *std::move(result);
    } else {
      error(*value, key, result.error().message);
    }
    return true;
  }

  // Any string.
  bool text(std::string_view key, std::string& target);

  // A reader of the table there.
  std::optional<TableReader> table(std::string_view key);

  // Knows the key and takes anything.
  void ignore(std::string_view key) { find(key); }

  // The key has to be there and is not.
  void missing(std::string_view key, std::string_view expected);
  void error(const Value& value, std::string_view key, std::string_view text);

  // Warns of every key that nobody asked for, and says which one may be meant.
  void finish() const;

  // For tables whose keys are names that people choose.
  const std::vector<Entry>& entries() const { return table_.entries; }
  TableReader inner(const Entry& entry) const {
    return {entry.value, path_of(entry.key), findings_};
  }

 private:
  const Value* find(std::string_view key);
  bool in_range(const Value& value, std::string_view key, Range range);
  bool is_string(const Value& value, std::string_view key, std::string_view expected);
  std::string path_of(std::string_view key) const;

  const Value& table_;
  std::string path_;
  Findings& findings_;
  std::vector<std::string> known_;
};

}  // namespace throttle::config
