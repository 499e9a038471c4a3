// A parser and a writer for durations, in whole numbers: nothing is rounded by floating point.
#include "libthrottle/core/duration.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "libthrottle/core/duration_units.h"
#include "libthrottle/core/text.h"

namespace throttle {

namespace {

using namespace duration_units;

constexpr char32_t kEnd = kBrokenCharacter - 1;  // behind the last character

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool is_unit_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == 0xB5;
}
// Unicode's White_Space, as the reference parser has it.
bool is_blank(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}
std::optional<std::uint64_t> sum(std::uint64_t a, std::uint64_t b) {
  if (a > std::numeric_limits<std::uint64_t>::max() - b) return std::nullopt;
  return a + b;
}

// digits after digits: 1, then 15, then 150.
bool append_digit(std::uint64_t& number, char32_t digit) {
  const auto shifted = product(number, 10);
  const auto longer = shifted ? sum(*shifted, digit - '0') : std::nullopt;
  number = longer.value_or(number);
  return longer.has_value();
}

// A sum of groups. The reference parser's limits are the contract: seconds in 64 bits, and what one
// group adds in nanoseconds too.
class Total {
 public:
  // False if the sum leaves its limits.
  bool add(std::uint64_t amount, Grain grain) {
    const auto nanos = sum(nanos_, grain == Grain::kNanosecond ? amount : 0);
    if (!nanos) return false;
    const auto carried = sum(seconds_, *nanos / kNanosPerSecond);
    const auto whole = carried ? sum(*carried, grain == Grain::kSecond ? amount : 0) : carried;
    if (!whole) return false;
    seconds_ = *whole;
    nanos_ = *nanos % kNanosPerSecond;
    return true;
  }

  Duration duration() const {
    constexpr auto kMost = static_cast<std::uint64_t>(kForever.count());
    const auto nanos = product(seconds_, kNanosPerSecond);
    if (!nanos || *nanos > kMost - nanos_) return kForever;
    return Duration(static_cast<Duration::rep>(*nanos + nanos_));
  }

 private:
  std::uint64_t seconds_ = 0;
  std::uint64_t nanos_ = 0;  // below a second
};

// duration := group+, group := number unit, number := digit+ ('.' digit+)?, unit := letter+
// Blanks may be anywhere except inside a unit and directly behind the start of one.
class DurationReader {
 public:
  explicit DurationReader(std::string_view text) : text_(text), rest_(text) { advance(); }

  Result<Duration> read() {
    skip_blanks();
    if (current_ == kEnd) complain("it is empty; write a number and a unit, such as 30s");
    while (error_.empty() && current_ != kEnd) {
      read_group();
      skip_blanks();
    }
    if (!error_.empty()) return fail(ErrorCode::kInvalidArgument, std::move(error_));
    return total_.duration();
  }

 private:
  struct Number {
    std::uint64_t whole = 0;
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
    std::size_t position = 0;
  };

  void read_group() {
    Number number;
    if (!read_whole(number)) return;
    if (current_ == '.' && !read_fraction(number)) return;
    if (const Unit* const unit = read_unit()) add(number, *unit);
  }

  bool read_whole(Number& number) {
    number.position = position_;
    if (!is_digit(current_)) return complain("expected a digit" + here());
    for (; is_digit(current_) || is_blank(current_); advance()) {
      if (is_digit(current_) && !append_digit(number.whole, current_)) return too_large(number);
    }
    return true;
  }

  bool read_fraction(Number& number) {
    advance();
    for (; is_digit(current_) || is_blank(current_); advance()) {
      if (is_blank(current_)) continue;
      const auto finer = product(number.denominator, 10);
      if (!finer || !append_digit(number.numerator, current_)) return too_fine(number);
      number.denominator = *finer;
    }
    if (number.denominator > 1) return true;
    return complain("expected a digit after the point" + here());
  }

  const Unit* read_unit() {
    const std::size_t position = position_;
    const std::size_t begin = offset_;
    while (is_unit_letter(current_)) {
      advance();
    }
    const std::string_view spelling = text_.substr(begin, offset_ - begin);
    if (spelling.empty() || !(is_digit(current_) || is_blank(current_) || current_ == kEnd)) {
      complain((spelling.empty() ? "expected a unit" : "expected the rest of a unit") + here() +
               std::string(kUnitHint));
      return nullptr;
    }
    const Unit* const unit = find_unit(spelling);
    if (unit == nullptr) {
      complain("unknown unit " + quote(spelling) + at(position) + std::string(kUnitHint));
    }
    return unit;
  }

  bool add(const Number& number, const Unit& unit) {
    const auto whole = product(number.whole, unit.whole.factor);
    if (!whole || !total_.add(*whole, unit.whole.grain)) return too_large(number);
    if (number.denominator == 1) return true;
    const auto parts = product(number.numerator, unit.fraction.factor);
    if (unit.fraction.grain == Grain::kNone || !parts || *parts % number.denominator != 0) {
      return too_fine(number);
    }
    return total_.add(*parts / number.denominator, unit.fraction.grain) || too_large(number);
  }

  void advance() {
    offset_ = text_.size() - rest_.size();
    current_ = rest_.empty() ? kEnd : take_character(rest_);
    ++position_;
  }
  void skip_blanks() {
    while (is_blank(current_)) {
      advance();
    }
  }

  bool too_large(const Number& number) {
    return complain("the number" + at(number.position) + " is too large");
  }
  bool too_fine(const Number& number) {
    return complain("the fraction of the number" + at(number.position) +
                    " is too fine: it must come out at whole nanoseconds, and from hours on at "
                    "whole seconds");
  }
  static std::string at(std::size_t position) {
    return " at character " + std::to_string(position);
  }
  // " at character 3, found "x"", with the current character.
  std::string here() const {
    if (current_ == kEnd) return at(position_) + ", found the end";
    const std::size_t next = text_.size() - rest_.size();
    return at(position_) + ", found " + quote(text_.substr(offset_, next - offset_));
  }
  bool complain(const std::string& what) {
    error_ = quote(text_) + " is not a duration: " + what;
    return false;
  }

  std::string_view text_;
  std::string_view rest_;  // behind the current character
  char32_t current_ = kEnd;
  std::size_t offset_ = 0;    // of the current character, in bytes
  std::size_t position_ = 0;  // of the current character, in characters, from 1
  Total total_;
  std::string error_;
};

// Appends "2years" or, where the unit has no plural, "5m".
enum class Plural : std::uint8_t { kNone, kS };
void append_item(std::string& out, std::uint64_t count, std::string_view unit,
                 Plural plural = Plural::kNone) {
  if (count == 0) return;
  if (!out.empty()) out += ' ';
  out += std::to_string(count);
  out += unit;
  if (plural == Plural::kS && count > 1) out += 's';
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  return DurationReader(text).read();
}

std::string format_duration(Duration length) {
  if (length <= Duration::zero()) return "0s";
  const auto total = static_cast<std::uint64_t>(length.count());
  const std::uint64_t seconds = total / kNanosPerSecond;
  const std::uint64_t nanos = total % kNanosPerSecond;
  const std::uint64_t of_year = seconds % kYear;
  const std::uint64_t of_month = of_year % kMonth;
  const std::uint64_t of_day = of_month % kDay;
  std::string out;
  append_item(out, seconds / kYear, "year", Plural::kS);
  append_item(out, of_year / kMonth, "month", Plural::kS);
  append_item(out, of_month / kDay, "day", Plural::kS);
  append_item(out, of_day / kHour, "h");
  append_item(out, of_day % kHour / kMinute, "m");
  append_item(out, of_day % kMinute, "s");
  append_item(out, nanos / 1'000'000, "ms");
  append_item(out, nanos / 1'000 % 1'000, "us");
  append_item(out, nanos % 1'000, "ns");
  return out;
}

}  // namespace throttle
