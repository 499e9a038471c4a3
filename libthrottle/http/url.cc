// Percent decoding and the check that the result is UTF-8.
#include "libthrottle/http/url.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "libthrottle/core/text.h"

namespace throttle::http {
namespace {

enum class Plus { kLiteral, kBlank };

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// The character of the two digits at the front, if they are there.
std::optional<char> hex_pair(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto high = hex_digit(text[0]);
  const auto low = hex_digit(text[1]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high * 16 + *low);
}

bool is_utf8(std::string_view text) {
  while (!text.empty())
    if (take_character(text) == kBrokenCharacter) return false;
  return true;
}

tl::unexpected<Error> bad_text(std::string_view text, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, quote(text).append(": ").append(what));
}

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto character = hex_pair(text.substr(i + 1));
      if (!character)
        return bad_text(text, "character " + std::to_string(i + 1) +
                                  " is a % that no two hexadecimal digits follow.");
      decoded.push_back(*character);
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' && plus == Plus::kBlank ? ' ' : text[i]);
    }
  }
  if (!is_utf8(decoded)) return bad_text(text, "it is not UTF-8 when decoded.");
  return decoded;
}

}  // namespace

Result<std::string> decode_segment(std::string_view segment) {
  return decode(segment, Plus::kLiteral);
}

Result<std::vector<QueryPair>> parse_query(std::string_view query) {
  std::vector<QueryPair> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), Plus::kBlank);
    if (!name) return tl::unexpected<Error>(std::move(name.error()));
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), Plus::kBlank);
    if (!value) return tl::unexpected<Error>(std::move(value.error()));
    pairs.push_back({std::move(*name), std::move(*value)});
  }
  return pairs;
}

}  // namespace throttle::http
