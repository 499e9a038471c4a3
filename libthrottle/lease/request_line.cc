// Reads ids, names and parameters, and words the 400 of those that are unusable. The texts begin
// with "Invalid URL" or "Invalid query", so none can be mistaken for "Unknown peer".
#include "libthrottle/lease/request_line.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/http/url.h"

namespace throttle::lease {

namespace {

constexpr std::string_view kU64 = "a whole number from 0 to 18446744073709551615 (u64)";

std::optional<std::uint64_t> read_u64(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// The published servers also take one leading plus.
std::optional<std::uint64_t> read_signed_u64(std::string_view digits) {
  if (digits.starts_with('+')) digits.remove_prefix(1);
  return read_u64(digits);
}

http::Response bad_path(std::string_view why) {
  return text(400, std::string("Invalid URL: ").append(why));
}

Reply bad_query(std::string_view name, std::string_view why) {
  std::string answer = "Invalid query: ";
  return text(400, answer.append(name).append(": ").append(why));
}

Reply read_value(std::string_view name, std::string& sent, std::optional<std::string>& into) {
  if (into) return bad_query(name, "given twice; specify it once.");
  into = std::move(sent);
  return std::nullopt;
}

Reply read_value(std::string_view name, const std::string& sent, std::optional<Duration>& into) {
  if (into) return bad_query(name, "given twice; specify it once.");
  const auto duration = parse_duration(sent);
  if (!duration) return bad_query(name, duration.error().message);
  into = *duration;
  return std::nullopt;
}

Reply read_value(std::string_view name, const std::string& sent,
                 std::optional<std::uint64_t>& into) {
  if (into) return bad_query(name, "given twice; specify it once.");
  into = read_signed_u64(sent);
  if (into) return std::nullopt;
  return bad_query(name, quote(sent) + " is not " + std::string(kU64) + ".");
}

}  // namespace

Extracted<PeerId> peer_in_path(std::string_view segment) {
  if (const auto id = read_u64(segment)) return *id;
  const auto decoded = http::decode_segment(segment);
  if (!decoded) return tl::unexpected(bad_path(decoded.error().message));
  if (const auto id = read_signed_u64(*decoded)) return *id;
  return tl::unexpected(
      bad_path("the peer id " + quote(*decoded) + " is not " + std::string(kU64) + "."));
}

Extracted<std::string> semaphore_in_path(std::string_view segment) {
  auto decoded = http::decode_segment(segment);
  if (!decoded) return tl::unexpected(bad_path(decoded.error().message));
  return std::move(*decoded);
}

Reply read_query(std::string_view query, std::initializer_list<Parameter> parameters) {
  if (query.empty()) return std::nullopt;
  auto pairs = http::parse_query(query);
  if (!pairs) return text(400, "Invalid query: " + pairs.error().message);
  for (http::QueryPair& pair : *pairs) {
    const auto* const known = std::ranges::find(parameters, pair.name, &Parameter::name);
    if (known == parameters.end()) continue;
    const auto read = [&](auto* into) { return read_value(pair.name, pair.value, *into); };
    if (auto refusal = std::visit(read, known->value)) return refusal;
  }
  return std::nullopt;
}

}  // namespace throttle::lease
