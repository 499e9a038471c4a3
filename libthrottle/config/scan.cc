#include "libthrottle/config/scan.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

constexpr std::size_t kMostBareBytes = 2048;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_numeric(char c) {
  return (c >= '0' && c <= '9') || c == '+' || c == '-';
}

class Scanner {
 public:
  Scanner(std::string_view text, Findings& findings) : rest_(text), findings_(findings) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  bool scan() {
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
    constexpr std::string_view kBehindIsAWord = "=,[{";
    if (next == '#') place_ = Place::kComment;
    if (word_begins_ && is_numeric(next)) numeric_ = true;
    word_begins_ = is_blank(next) || kBehindIsAWord.find(next) != std::string_view::npos;
    if (++bare_bytes_ > kMostBareBytes) {
      return complain("more than " + std::to_string(kMostBareBytes) +
                      " bytes outside of strings in one line");
    }
    take();
  }

  void open_string(char quote) {
    word_begins_ = false;
    quote_ = quote;
    place_ = starts_block() ? Place::kBlock : Place::kString;
    take_quotes(place_ == Place::kBlock ? 3 : 1);
  }

  void close_block() {
    place_ = Place::kBare;
    take_quotes(5);  // two of them may belong to the text
  }

  void step_string(char next) {
    const bool continued = continued_;
    take();
    if (next != '\\' || quote_ != '"' || rest_.empty()) return;
    const char escaped = rest_.front();
    if (is_blank(escaped)) {
      continued_ = true;
    } else if (static_cast<unsigned char>(escaped) > 0x7F) {
      complain("not valid TOML: unknown escape sequence");
    } else {
      take();
      continued_ = continued;  // the library may go on skipping blanks behind it
    }
  }

  bool starts_block() const { return rest_.starts_with(std::string(3, quote_)); }

  void take_quotes(int most) {
    for (; most > 0 && !rest_.empty() && rest_.front() == quote_; --most) {
      take();
    }
  }

  void take() {
    const std::string_view before = rest_;
    const char32_t character = take_character(rest_);
    if (character == kBrokenCharacter) return complain("not valid UTF-8");
    if (character > 0x7F) return take_beyond_ascii(before.substr(0, before.size() - rest_.size()));
    constexpr std::string_view kBehindANumber = ",]}#";
    const char byte = before.front();
    numeric_ = numeric_ && !is_blank(byte) && kBehindANumber.find(byte) == std::string_view::npos;
    continued_ = continued_ && is_blank(byte);
    ++position_.column;
    if (byte == '\n') {
      position_ = {position_.line + 1, 1};
      bare_bytes_ = 0;
    }
  }

  void take_beyond_ascii(std::string_view character) {
    if (place_ == Place::kBare) {
      return complain("not valid TOML: " + quote(character) +
                      " may only stand in quotes or in a comment");
    }
    if (numeric_) return complain(quote(character) + " may not stand so close behind a number");
    if (continued_) {
      return complain(quote(character) +
                      " may not stand first after a line that ends in a backslash");
    }
    ++position_.column;
  }

  void complain(const std::string& text) {
    findings_.error(position_, "", text);
    sound_ = false;
  }

  std::string_view rest_;
  Findings& findings_;
  Position position_{1, 1};  // of the next character
  Place place_ = Place::kBare;
  char quote_ = '"';            // of the string
  bool word_begins_ = true;     // a key or value may begin with the next character
  bool numeric_ = false;        // it began like a number, and has not ended yet
  bool continued_ = false;      // in the blanks after a line of a block that ends in a backslash
  std::size_t bare_bytes_ = 0;  // of the line so far
  bool sound_ = true;
};

}  // namespace

bool scan(std::string_view text, Findings& findings) {
  return Scanner(text, findings).scan();
}

}  // namespace throttle::config
