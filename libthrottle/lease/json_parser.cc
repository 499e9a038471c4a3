// The parser behind json_body.h. nlohmann's parser reports tokens to a Reader, which follows three
// things: the depth, the field whose value comes next, and the position in the body.
#include "libthrottle/lease/json_parser.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"

namespace throttle::lease {

namespace {

// The bytes of the body, and how far the parser has read them: its events carry no position.
class TrackedByte {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedByte(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  TrackedByte& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const TrackedByte& other) const { return at_ == other.at_; }
  bool operator!=(const TrackedByte& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// A value as the parser reports it.
struct Found {
  enum class Kind : std::uint8_t {
    kNull,
    kBoolean,
    kNegative,
    kUnsigned,
    kFloat,
    kText,
    kObject,
    kArray
  };
  Kind kind;
  std::int64_t negative = 0;
  std::uint64_t number = 0;
  std::string_view text = {};  // kFloat as it was sent, kText decoded, kBoolean

  std::string describe() const {
    switch (kind) {
      case Kind::kNull:
        return "null";
      case Kind::kNegative:
        return std::to_string(negative);
      case Kind::kUnsigned:
        return std::to_string(number);
      case Kind::kBoolean:
      case Kind::kFloat:
        return std::string(text.substr(0, kMaxDescribed));
      case Kind::kText:
        return quote(text);
      case Kind::kObject:
        return "an object";
      case Kind::kArray:
        return "an array";
    }
    return {};
  }

  static constexpr std::size_t kMaxDescribed = 60;
};

constexpr std::string_view kDuration = R"(a duration in quotes such as "5min" or "300000ms")";
constexpr std::string_view kPeerId = "a whole number from 0 to 18446744073709551615";
constexpr std::string_view kText = "text in quotes";
constexpr std::string_view kLockCounts = R"(an object of semaphores and counts such as {"A": 1})";

std::string_view expectation(const Field& field) {
  struct Expect {
    std::string_view operator()(const Duration*) const { return kDuration; }
    std::string_view operator()(const PeerId*) const { return kPeerId; }
    std::string_view operator()(const std::string*) const { return kText; }
    std::string_view operator()(const LockCounts*) const { return kLockCounts; }
  };
  return std::visit(Expect{}, field.value);
}

// Hears what nlohmann's parser reads and puts it where it belongs. A false answer stops the parser;
// then refusal_ says why.
//
// Where a value goes follows from depth_, the number of open containers: at 0 it is the body, at 1
// the value of field_ (none: an unknown key), at 2 a count if counts_ is open. Everything else is
// inside the value of an unknown key and is skipped.
class BodyReader {
 public:
  BodyReader(std::string_view body, std::span<Field> fields) : body_(body), fields_(fields) {}
  // Reads one integer instead of an object.
  BodyReader(std::string_view body, Count& bare) : body_(body), bare_(&bare) {}

  Reply read() {
    const TrackedByte first(body_.data(), &reached_);
    const TrackedByte last(body_.data() + body_.size(), &reached_);
    if (!nlohmann::json::sax_parse(first, last, this)) return std::move(refusal_);
    for (const Field& field : fields_) {
      if (!field.seen && field.need == Need::kRequired) return missing(field);
    }
    return std::nullopt;
  }

  // --- what the parser calls ---
  bool null() { return scalar({.kind = Found::Kind::kNull}); }
  bool boolean(bool value) {
    return scalar({.kind = Found::Kind::kBoolean, .text = value ? "true" : "false"});
  }
  bool number_integer(std::int64_t value) {
    return scalar({.kind = Found::Kind::kNegative, .negative = value});
  }
  bool number_unsigned(std::uint64_t value) {
    return scalar({.kind = Found::Kind::kUnsigned, .number = value});
  }
  bool number_float(double /*rounded*/, const std::string& sent) {
    return scalar({.kind = Found::Kind::kFloat, .text = sent});
  }
  bool string(std::string& value) { return scalar({.kind = Found::Kind::kText, .text = value}); }
  bool binary(const nlohmann::json::binary_t& /*not in JSON*/) { return false; }

  bool start_object(std::size_t /*unknown*/) { return open({.kind = Found::Kind::kObject}); }
  bool start_array(std::size_t /*unknown*/) { return open({.kind = Found::Kind::kArray}); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    const bool accepted = depth_ == 1          ? select(name)
                          : counts_ != nullptr ? select_count(name)
                                               : true;
    return accepted && next_token();
  }

  bool parse_error(std::size_t bytes_read, const std::string& /*token*/,
                   const nlohmann::json::exception& /*in its words*/) {
    const std::size_t offset = std::min(bytes_read > 0 ? bytes_read - 1 : 0, body_.size());
    const std::string where = place(offset);
    refusal_ = text(400, offset == body_.size()
                             ? "The body ends before its JSON is complete" + where + "."
                             : "The body is not JSON" + where + ": the first unexpected text is " +
                                   quote(body_.substr(offset)) + ".");
    return false;
  }

 private:
  bool scalar(const Found& found) { return take(found) && next_token(); }

  bool open(const Found& found) {
    if (!take(found)) return false;
    if (++depth_ <= kMaxDepth) return next_token();
    refusal_ = text(400, "The body nests deeper than " + std::to_string(kMaxDepth) + " levels" +
                             place(token_offset()) + ".");
    return false;
  }

  bool close() {
    if (--depth_ == 1) counts_ = nullptr;
    return next_token();
  }

  bool next_token() {
    token_end_ = reached_;
    return true;
  }

  // --- keys ---
  bool select(std::string_view name) {
    const auto found = std::ranges::find(fields_, name, &Field::key);
    field_ = found == fields_.end() ? nullptr : &*found;
    if (field_ == nullptr || !std::exchange(field_->seen, true)) return true;
    return reject("given twice; specify it once.");
  }

  bool select_count(std::string& name) {
    const auto [entry, added] = counts_->by_name.try_emplace(std::move(name));
    count_ = &*entry;
    return added || reject("given twice; specify it once.");
  }

  // --- values ---
  bool take(const Found& found) {
    if (depth_ == 0 && bare_ != nullptr) return store_count(*bare_, kAnyCount, found);
    if (depth_ == 0) {
      return found.kind == Found::Kind::kObject || reject_type("a JSON object", found);
    }
    if (depth_ == 1 && field_ != nullptr) {
      return std::visit([&](auto* into) { return store(*into, found); }, field_->value);
    }
    if (counts_ != nullptr) return store_count(count_->second, counts_->least, found);
    return true;
  }

  bool store(Duration& into, const Found& found) {
    if (found.kind != Found::Kind::kText) return reject_type(kDuration, found);
    const auto duration = parse_duration(found.text);
    if (!duration) return reject(duration.error().message);
    into = *duration;
    return true;
  }

  bool store(PeerId& into, const Found& found) {
    if (found.kind != Found::Kind::kUnsigned) return reject_type(kPeerId, found);
    into = found.number;
    return true;
  }

  bool store(std::string& into, const Found& found) {
    if (found.kind != Found::Kind::kText) return reject_type(kText, found);
    if (found.text.size() > kMaxTextBytes) {
      return reject("expected at most " + std::to_string(kMaxTextBytes) + " bytes, found " +
                    std::to_string(found.text.size()) + ".");
    }
    into = found.text;
    return true;
  }

  bool store(LockCounts& into, const Found& found) {
    if (found.kind != Found::Kind::kObject) return reject_type(kLockCounts, found);
    counts_ = &into;
    count_ = nullptr;
    return true;
  }

  bool store_count(Count& into, Count least, const Found& found) {
    constexpr auto kMost = std::numeric_limits<Count>::max();
    const bool negative = found.kind == Found::Kind::kNegative;
    const bool positive =
        found.kind == Found::Kind::kUnsigned && found.number <= std::uint64_t{kMost};
    if (negative) into = found.negative;
    if (positive) into = static_cast<Count>(found.number);
    if ((negative || positive) && into >= least) return true;
    return reject_type(
        "a whole number from " + std::to_string(least) + " to " + std::to_string(kMost), found);
  }

  // --- mistakes ---
  bool reject_type(std::string_view expected, const Found& found) {
    return reject("expected " + std::string(expected) + ", found " + found.describe() + ".");
  }

  bool reject(const std::string& why) {
    refusal_ = text(422, path() + place(token_offset()) + ": " + why);
    return false;
  }

  Reply missing(const Field& field) const {
    return text(422, "The key " + quote(field.key) + " is missing in the object that ends" +
                         place(static_cast<std::size_t>(token_end_ - body_.data()) - 1) +
                         ". Add it as " + std::string(expectation(field)) + ".");
  }

  // expires_in, or acquired["A"], or the body as a whole.
  std::string path() const {
    if (field_ == nullptr || depth_ == 0) return "The body";
    std::string field(field_->key);
    if (counts_ == nullptr || count_ == nullptr || depth_ == 1) return field;
    return field + '[' + quote(count_->first) + ']';
  }

  // Where the token starts that the parser just read: behind the one before it, with nothing but
  // separators in between.
  std::size_t token_offset() const {
    const auto from = static_cast<std::size_t>(token_end_ - body_.data());
    return std::min(body_.find_first_not_of(" \t\r\n,:", from), body_.size());
  }

  // " (line 1, column 16)"
  std::string place(std::size_t offset) const {
    const std::string_view before = body_.substr(0, offset);
    const std::string_view line = before.substr(before.rfind('\n') + 1);
    const auto starts_character = [](char byte) { return (byte & 0xC0) != 0x80; };
    return " (line " + std::to_string(1 + std::ranges::count(before, '\n')) + ", column " +
           std::to_string(1 + std::ranges::count_if(line, starts_character)) + ")";
  }

  static constexpr Count kAnyCount = std::numeric_limits<Count>::min();

  std::string_view body_;
  std::span<Field> fields_;
  Count* bare_ = nullptr;
  const char* reached_ = body_.data();
  const char* token_end_ = body_.data();  // of the token before the current one
  std::size_t depth_ = 0;
  Field* field_ = nullptr;
  LockCounts* counts_ = nullptr;
  std::pair<const std::string, Count>* count_ = nullptr;
  Reply refusal_;
};

}  // namespace

Reply parse_object(std::string_view body, std::span<Field> fields) {
  return BodyReader(body, fields).read();
}

Reply parse_count(std::string_view body, Count& count) {
  return BodyReader(body, count).read();
}

}  // namespace throttle::lease
