// Escapes strings for JSON. Runs of plain ASCII, which are nearly all, are appended in one go.
#include "libthrottle/pages/json_text.h"

#include "libthrottle/core/text.h"

namespace throttle::pages {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 127 && c != '"' &&
         c != '\\';
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
    case '\\':
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00");
      out.push_back("0123456789abcdef"[c / 16]);
      out.push_back("0123456789abcdef"[c % 16]);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain]))
      ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (const auto byte = static_cast<unsigned char>(text.front()); byte < 128) {
      append_escape(out, byte);
      text.remove_prefix(1);
      continue;
    }
    const std::string_view before = text;
    const bool broken = take_character(text) == kBrokenCharacter;
    out.append(broken ? kReplacement : before.substr(0, before.size() - text.size()));
  }
  out.push_back('"');
}

void append_json_member(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out.append(": ");
  append_json_string(out, value);
}

}  // namespace throttle::pages
