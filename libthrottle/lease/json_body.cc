// Reads the two usual bodies, {"expires_in": "300000ms"} and a bare number, by hand, because they
// are nearly all there are. Everything else, and every mistake, goes to the parser.
#include "libthrottle/lease/json_body.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/lease/json_parser.h"

namespace throttle::lease {

namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  const auto to_lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(text, lower, {}, to_lower);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// application/json or application/…+json, whatever its parameters.
bool is_json(std::string_view content_type) {
  if (content_type == http::kJsonType) return true;
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  if (equals_ignoring_case(type, http::kJsonType)) return true;
  constexpr std::string_view kMain = "application/";
  constexpr std::string_view kSuffix = "+json";
  return type.size() > kMain.size() + kSuffix.size() &&
         equals_ignoring_case(type.substr(0, kMain.size()), kMain) &&
         equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix);
}

Reply refuse_other_type(const http::Request& request) {
  if (is_json(request.content_type)) return std::nullopt;
  return text(
      415, "The request has " +
               (request.content_type.empty() ? std::string("no Content-Type")
                                             : "the Content-Type " + quote(request.content_type)) +
               ", but its body must be JSON. Send the header \"Content-Type: "
               "application/json\".");
}

// The body of a heartbeat is one key with a plain string, {"expires_in": "300000ms"}. It is the
// most frequent body, and read here in a fifth of the parser's time. Anything unusual or wrong is
// left to the parser.
class PlainBody {
 public:
  explicit PlainBody(std::string_view body) : rest_(body) {}

  // True if the body was plain and said all that is required.
  bool read(std::span<Field> fields) {
    std::string_view key;
    std::string_view value;
    const bool plain = take('{') && take_text(key) && take(':') && take_text(value) && take('}');
    skip_blanks();
    if (!plain || !rest_.empty()) return false;
    Field* named = nullptr;
    for (Field& field : fields) {
      if (field.key == key) named = &field;
      if (field.key != key && field.need == Need::kRequired) return false;
    }
    return named != nullptr && store(*named, value);
  }

 private:
  static bool store(Field& field, std::string_view value) {
    auto* const* const into = std::get_if<Duration*>(&field.value);
    const auto duration = parse_duration(value);
    if (into == nullptr || !duration) return false;
    **into = *duration;
    field.seen = true;
    return true;
  }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  bool take(char token) {
    skip_blanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_text(std::string_view& text) {
    if (!take('"')) return false;
    const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
    const auto length = std::ranges::find_if_not(rest_, plain) - rest_.begin();
    text = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(text.size());
    if (!rest_.starts_with('"')) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
};

// Almost every body of an acquire is a few digits.
std::optional<Count> plain_digits(std::string_view body) {
  constexpr std::size_t kFewDigits = 18;  // no overflow
  if (body.empty() || body.size() > kFewDigits || body.front() < '1') return std::nullopt;
  Count count = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), count);
  if (error != std::errc() || end != body.data() + body.size()) return std::nullopt;
  return count;
}

}  // namespace

std::vector<HeldLock> LockCounts::locks() const {
  std::vector<HeldLock> locks;
  for (const auto& [semaphore, count] : by_name)
    locks.push_back({semaphore, count});
  return locks;
}

Reply read_object(const http::Request& request, std::span<Field> fields) {
  if (auto refusal = refuse_other_type(request)) return refusal;
  if (PlainBody(request.body).read(fields)) return std::nullopt;
  return parse_object(request.body, fields);
}

Extracted<Count> read_count(const http::Request& request) {
  if (auto refusal = refuse_other_type(request)) return tl::unexpected(std::move(*refusal));
  if (const auto count = plain_digits(request.body)) return *count;
  Count count = 0;
  if (auto refusal = parse_count(request.body, count)) return tl::unexpected(std::move(*refusal));
  return count;
}

}  // namespace throttle::lease
