// Heads of the chain that somebody kept: as arguments, and as lines of a log.
#include <charconv>
#include <system_error>

#include "libthrottle/journal/verification.h"

namespace throttle::journal {

namespace {

template <typename T>
bool parse_number(std::string_view& text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::string> parse_hash(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  text = text.substr(0, kDigits);
  if (text.size() != kDigits ||
      text.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  return std::string(text);
}

}  // namespace

Result<KeptHead> parse_head(std::string_view text) {
  KeptHead head;
  std::string_view rest = text;
  if (parse_number(rest, head.batch_no) && take_prefix(rest, ":") && parse_number(rest, head.seq) &&
      take_prefix(rest, ":")) {
    const auto hash = parse_hash(rest);
    if (hash && hash->size() == rest.size()) {
      head.hash = *hash;
      return head;
    }
  }
  return fail(ErrorCode::kInvalidArgument,
              std::string(text) +
                  " is no head: it is BATCH:SEQ:HASH, as a line \"journal head\" "
                  "of the log has them.");
}

std::optional<KeptHead> head_of_line(std::string_view line) {
  constexpr std::string_view kMark = "journal head batch=";
  const std::size_t at = line.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + kMark.size());
  KeptHead head;
  if (!parse_number(rest, head.batch_no) || !take_prefix(rest, " seq=") ||
      !parse_number(rest, head.seq) || !take_prefix(rest, " hash="))
    return std::nullopt;
  const auto hash = parse_hash(rest);
  if (!hash) return std::nullopt;
  head.hash = *hash;
  return head;
}

}  // namespace throttle::journal
