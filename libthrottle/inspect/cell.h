// What a command shows: rows of cells under columns. How they look to people and to machines is
// the output's business. Threads: values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace throttle::inspect {

// Nothing, a number (also of µs), a fraction, a yes or no, a text.
using Cell = std::variant<std::monostate, std::int64_t, double, bool, std::string>;
using Row = std::vector<Cell>;

enum class ColumnKind : std::uint8_t {
  kText,
  kLabel,    // a text that may be cut to let a table fit
  kNumber,   // aligned to the right
  kId,       // an integer whose 64 bits have no sign
  kTime,     // µs since 1970; people see seconds
  kInstant,  // the same; people see milliseconds
  kSpan,     // µs
};

struct Column {
  std::string heading;
  ColumnKind kind = ColumnKind::kText;
  bool wide = false;  // people see it only with --wide, or if they ask for it
};
using Columns = std::vector<Column>;

inline Cell cell(std::optional<std::int64_t> number) {
  return number ? Cell(*number) : Cell();
}
inline Cell cell(std::string_view text) {
  return text.empty() ? Cell() : Cell(std::string(text));
}

}  // namespace throttle::inspect
