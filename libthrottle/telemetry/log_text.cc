// Formats fields for people and for JSON; every value is quoted or escaped if it could forge a
// line.
#include "libthrottle/telemetry/log_text.h"

#include <nlohmann/json.hpp>

#include "libthrottle/core/text.h"

namespace throttle::telemetry {
namespace {

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\x").append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 0xfU]);
  }
}

// `special` are printable characters that get a backslash.
void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (character == '\n') {
      out += "\\n";
    } else if (character == kBrokenCharacter || is_steering(character)) {
      append_hex(out, bytes);
    } else {
      if (special.find(bytes.front()) != std::string_view::npos) out += '\\';
      out += bytes;
    }
  }
}

std::string quote_where_needed(std::string_view text) {
  std::string out;
  if (!text.empty() && text.find_first_of(" =\"\\") == std::string_view::npos) {
    append_escaped(out, text, "");
    return out;
  }
  out += '"';
  append_escaped(out, text, "\"\\");
  out += '"';
  return out;
}

using Quoting = std::string (*)(std::string_view);

std::string value_of(const Field& field, std::size_t limit_bytes, Quoting quote) {
  const auto render = [limit_bytes, quote](auto value) {
    if constexpr (std::is_same_v<decltype(value), std::string_view>) {
      return quote(shorten(value, limit_bytes));
    } else {
      return std::to_string(value);
    }
  };
  return std::visit(render, field.value);
}

}  // namespace

std::string shorten(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return std::string(text);
  std::size_t end = limit_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
    --end;
  return std::string(text.substr(0, end)).append("… (truncated)");
}

std::string to_json(std::string_view text) {
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  return nlohmann::json(text).dump(-1, ' ', false, kReplace);
}

std::string to_text(const Record& record, std::size_t limit_bytes) {
  std::string out;
  append_escaped(out, shorten(record.message, limit_bytes), "");
  for (const Field& field : record.fields) {
    out.append(" ").append(field.key).append("=");
    out += value_of(field, limit_bytes, &quote_where_needed);
  }
  return out;
}

std::string to_json_members(std::span<const Field> fields, std::string_view key_prefix,
                            std::size_t limit_bytes) {
  std::string out;
  for (const Field& field : fields) {
    out.append(",\"").append(key_prefix).append(field.key).append("\":");
    out += value_of(field, limit_bytes, &to_json);
  }
  return out;
}

std::string to_json_members(const Record& record, std::size_t limit_bytes) {
  return "\"message\":" + to_json(shorten(record.message, limit_bytes)) +
         to_json_members(record.fields, "", limit_bytes);
}

}  // namespace throttle::telemetry
