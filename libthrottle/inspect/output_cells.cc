// Cells as text for people, for CSV and for JSON.
#include "libthrottle/inspect/output_cells.h"

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "libthrottle/inspect/output.h"

namespace throttle::inspect {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMillisecond = 1000;  // in µs

std::string fraction_text(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  if (value >= 1000 || value <= -1000) std::snprintf(text.data(), text.size(), "%.0f", value);
  return text.data();
}

Json json_of(ColumnKind kind, const Cell& cell) {
  if (const auto* const number = std::get_if<std::int64_t>(&cell)) {
    switch (kind) {
      case ColumnKind::kId:
        return static_cast<std::uint64_t>(*number);
      case ColumnKind::kTime:
      case ColumnKind::kInstant:
        return format_iso(*number);
      case ColumnKind::kSpan:
        if (*number % kMillisecond != 0) return static_cast<double>(*number) / kMillisecond;
        return *number / kMillisecond;
      default:
        return *number;
    }
  }
  if (const auto* const fraction = std::get_if<double>(&cell)) return *fraction;
  if (const auto* const truth = std::get_if<bool>(&cell)) return *truth;
  if (const auto* const text = std::get_if<std::string>(&cell)) return *text;
  return nullptr;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string key_of(const Column& column) {
  std::string key;
  for (const char c : column.heading) {
    if (c == ' ' || c == '-') {
      key += '_';
    } else {
      key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return column.kind == ColumnKind::kSpan ? key + "_ms" : key;
}

std::string people_text(const Column& column, const Cell& cell, Zone zone) {
  if (const auto* const number = std::get_if<std::int64_t>(&cell)) {
    switch (column.kind) {
      case ColumnKind::kId:
        return std::to_string(static_cast<std::uint64_t>(*number));
      case ColumnKind::kTime:
        return format_time(*number, zone);
      case ColumnKind::kInstant:
        return format_time(*number, zone, Digits::kMilliseconds);
      case ColumnKind::kSpan:
        return format_span(*number);
      default:
        return std::to_string(*number);
    }
  }
  if (const auto* const fraction = std::get_if<double>(&cell)) return fraction_text(*fraction);
  if (const auto* const truth = std::get_if<bool>(&cell)) return *truth ? "yes" : "no";
  if (const auto* const text = std::get_if<std::string>(&cell)) return *text;
  return "-";
}

std::string csv_text(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string machine_text(const Column& column, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return {};
  if (const auto* const text = std::get_if<std::string>(&cell)) return *text;
  const Json json = json_of(column.kind, cell);
  return json.is_string() ? json.get<std::string>() : dump(json);
}

std::string json_object(const std::vector<NamedCell>& cells) {
  Json object = Json::object();
  for (const NamedCell& named : cells)
    object[named.key] = json_of(named.kind, named.cell);
  return dump(object);
}

}  // namespace throttle::inspect
