// One pass over the characters of a TOML text, with just enough grammar to know strings and
// comments.
#include "libthrottle/config/scan.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

// Of a dotted key: the library recurses for each. Settings have three.
constexpr std::size_t kMostParts = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Scanner {
 public:
  Scanner(std::string_view text, Findings& findings) : rest_(text), findings_(findings) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  bool scan() {
    if (is_utf16()) {
      complain("the file is UTF-16, and a configuration is UTF-8: save it again as UTF-8");
    }
    while (sound_ && !rest_.empty()) {
      step();
    }
    return sound_;
  }

 private:
  // Where the next character stands.
  enum class Place : std::uint8_t { kBare, kComment, kString, kBlock };

  void step() {
    const char next = rest_.front();
    switch (place_) {
      case Place::kBare:
        return next == '"' || next == '\'' ? open_string(next) : step_bare(next);
      case Place::kComment:
        if (next == '\n') place_ = Place::kBare;
        return take();
      case Place::kString:
        if (next == quote_ || next == '\n') place_ = Place::kBare;
        return step_string(next);
      case Place::kBlock:
        return starts_block() ? close_block() : step_string(next);
    }
  }

  void step_bare(char next) {
    if (next == '#') place_ = Place::kComment;
    constexpr std::string_view kEndsAKey = "=,[]{}#\n";
    if (kEndsAKey.find(next) != std::string_view::npos) dots_ = 0;
    if (next == '.' && ++dots_ >= kMostParts)
      return complain("more than " + std::to_string(kMostParts) + " parts in one dotted key");
    take();
  }

  void open_string(char quote) {
    quote_ = quote;
    place_ = starts_block() ? Place::kBlock : Place::kString;
    take_quotes(place_ == Place::kBlock ? 3 : 1);
  }

  void close_block() {
    place_ = Place::kBare;
    take_quotes(5);  // two of them may belong to the text
  }

  void step_string(char next) {
    take();
    const bool escapes = next == '\\' && quote_ == '"' && !rest_.empty();
    if (escapes && rest_.front() != '\n') take();
  }

  bool starts_block() const { return rest_.starts_with(std::string(3, quote_)); }

  void take_quotes(int most) {
    for (; most > 0 && !rest_.empty() && rest_.front() == quote_; --most) {
      take();
    }
  }

  void take() {
    THROTTLE_CHECK(!rest_.empty());
    const std::string_view before = rest_;
    const char32_t character = take_character(rest_);
    if (character == kBrokenCharacter) return complain("not valid UTF-8");
    if (character > 0x7F && place_ == Place::kBare) {
      return complain("not valid TOML: " + quote(before.substr(0, before.size() - rest_.size())) +
                      " is only allowed in quotes or in a comment");
    }
    ++position_.column;
    if (character == '\n') position_ = {position_.line + 1, 1};
  }

  // By its byte order mark, or by the zero that each ASCII character has without one.
  bool is_utf16() const {
    using namespace std::string_view_literals;
    if (rest_.starts_with("\xFF\xFE"sv) || rest_.starts_with("\xFE\xFF"sv)) return true;
    return rest_.size() >= 2 && (rest_[0] == '\0') != (rest_[1] == '\0');
  }

  void complain(const std::string& text) {
    findings_.error(position_, "", text);
    sound_ = false;
  }

  std::string_view rest_;
  Findings& findings_;
  Position position_{1, 1};  // of the next character
  Place place_ = Place::kBare;
  char quote_ = '"';      // of the string
  std::size_t dots_ = 0;  // of the key so far
  bool sound_ = true;
};

}  // namespace

bool scan(std::string_view text, Findings& findings) {
  return Scanner(text, findings).scan();
}

}  // namespace throttle::config
