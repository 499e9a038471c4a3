// Reads one table of a configuration file into settings, key by key.
//
// A key that is absent leaves its setting as it is; a value that does not fit does so too and is a
// finding that says what was expected and what stands there. The keys a reader was asked for are
// those that exist: at the end it warns of all others. Threads: one.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/config/document.h"
#include "libthrottle/config/findings.h"
#include "libthrottle/config/forms.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

using TakeText = std::function<Result<void>(std::string_view)>;

// What becomes of keys that nobody asked for. Those of published versions are warned of; a slip
// among the keys of a proxy would put a limit back to its default without a word at the wrong time.
enum class Strangers : std::uint8_t { kWarn, kRefuse };

class TableReader {
 public:
  // Both outlive the reader. `path` is how messages call the table; empty: the top of the file.
  // `table` is one, or a value without entries.
  TableReader(const Value& table, std::string path, Findings& findings)
      : table_(table), path_(std::move(path)), findings_(findings) {
    THROTTLE_CHECK(table.kind == Value::Kind::kTable || table.entries.empty());
  }

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
      if constexpr (std::same_as<T, Duration>) doubt_duration(*value, key);
    } else {
      error(*value, key, result.error().message);
    }
    return true;
  }

  // Hands `take` the text of what stands there, or one text after the other where it has several
  // parts; what `take` refuses is a finding.
  bool texts(std::string_view key, Shape shape, std::string_view expected, const TakeText& take);

  // Any string.
  bool text(std::string_view key, std::string& target);

  // A reader of the table there.
  std::optional<TableReader> table(std::string_view key);

  // What stands there, whatever it is; null if nothing does.
  const Value* find(std::string_view key);

  // The key has to be there and is not.
  void missing(std::string_view key, std::string_view expected);
  void error(const Value& value, std::string_view key, std::string_view text) const;
  void unfit(const Value& value, std::string_view key, std::string_view expected) const;
  void warning(const Value& value, std::string_view key, std::string_view text) const;
  void doubt(const Value& value, std::string_view key, std::string_view text) const;

  // Warns of a duration that is valid but probably not meant.
  void doubt_duration(const Value& value, std::string_view key) const;

  // Warns of every key that nobody asked for, and says which one may be meant.
  void finish(Strangers strangers = Strangers::kWarn) const;

  // For tables whose keys are names that people choose.
  const std::vector<Entry>& entries() const { return table_.entries; }
  TableReader inner(const Entry& entry) const {
    return {entry.value, path_of(entry.key), findings_};
  }

 private:
  void take_one(const Value& value, std::string_view key, std::string_view expected,
                const TakeText& take) const;
  void take_parts(const Value& value, std::string_view key, const TakeText& take);
  bool in_range(const Value& value, std::string_view key, Range range);
  bool is_string(const Value& value, std::string_view key, std::string_view expected);
  std::string path_of(std::string_view key) const;

  const Value& table_;
  std::string path_;
  Findings& findings_;
  std::vector<std::string> known_;
};

}  // namespace throttle::config
