// What is wrong, or looks wrong, in a configuration file: collected while it is read, so that
// people mend all of it in one go, and reported in the order of the file.
// Threads: one.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace throttle::config {

// A place in a text. Both count from 1, columns in characters.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  // clang-tidy 14 takes the zero that the result is compared with for a null pointer.
  auto operator<=>(const Position&) const = default;  // NOLINT(modernize-use-nullptr)
};

class Findings {
 public:
  // `file` is how people call the text.
  explicit Findings(std::string_view file) : file_(file) {}

  // `key` is the dotted path of the key in question; empty if it is about none.
  void error(Position position, std::string_view key, std::string_view text);
  void warning(Position position, std::string_view key, std::string_view text);
  // A warning about what cannot be meant: a process starts with it, for files of older servers, but
  // a check does not pass.
  void doubt(Position position, std::string_view key, std::string_view text);

  bool has_errors() const { return has_errors_; }
  // "throttle.toml:7:9: semaphores.A.max: expected an integer", without line ends.
  std::vector<std::string> warnings() const;  // doubts included
  std::vector<std::string> doubts() const;
  // Everything, a line each; the word "warning: " stands where it is none of the errors.
  std::string report() const;

 private:
  enum class Severity : std::uint8_t { kError, kWarning, kDoubt };
  struct Finding {
    Position position;
    Severity severity;
    std::string text;
  };
  void add(Severity severity, Position position, std::string text);
  std::vector<std::string> lines_of(std::initializer_list<Severity> severities) const;
  std::string place(Position position) const;

  std::string file_;
  std::vector<Finding> findings_;  // by position
  bool has_errors_ = false;
};

}  // namespace throttle::config
