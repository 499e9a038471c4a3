// How single cells look to machines. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/inspect/cell.h"

namespace throttle::inspect {

// A field of CSV (RFC 4180), quoted where it must be.
std::string csv_text(std::string_view text);

// A cell as CSV has it: times in ISO 8601, UTC, spans in ms.
std::string machine_text(const Column& column, const Cell& cell);

struct NamedCell {
  std::string key;
  ColumnKind kind;
  const Cell& cell;
};
std::string json_object(const std::vector<NamedCell>& cells);

}  // namespace throttle::inspect
