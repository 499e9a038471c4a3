// Command lines: which options a program has, what is wrong with arguments, and the list of options
// that --help shows. Only command_line.cc knows the library that does it.
//
// All text is UTF-8. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/result.h"

namespace throttle::config {

struct Option {
  std::string name;   // as in "help,h": the long name, and a letter where it has one
  std::string value;  // what --help calls its value; empty: it takes none
  std::string help;
  bool repeatable = false;
  std::vector<std::string> choices = {};  // all values there are; empty: too many to name
};

struct OptionGroup {
  std::string heading;
  std::vector<Option> options;
};

// One option as given; without a value where it takes none.
struct Argument {
  std::string name;  // the long one
  std::string value;
};

// How much of a tool's help is shown: what people need most on one screen (kHelpLines lines), or
// all of it.
enum class HelpExtent : std::uint8_t { kBrief, kAll };
inline constexpr std::size_t kHelpLines = 30;
inline constexpr std::size_t kHelpColumns = 80;

// Turns `--help all` in `words`, and the same with the letter of the option, into the option alone.
// kAll if it was there. `letter` is 0 if the option has none.
HelpExtent take_help_extent(std::vector<std::string>& words, char letter);

// The arguments without the name of the program, in their order; abbreviations are not guessed. The
// value of `help` is "all" for `--help all`.
// Error kInvalidArgument names the argument: unknown, given twice, or with a value where there
// should be none or the reverse.
Result<std::vector<Argument>> parse_arguments(std::span<const char* const> arguments,
                                              std::span<const OptionGroup> groups);

bool is_given(std::span<const Argument> arguments, std::string_view name);
// How much is shown if `help` is given.
HelpExtent help_extent(std::span<const Argument> arguments);

// The options, group by group, at most kHelpColumns wide.
std::string describe(std::span<const OptionGroup> groups);
// Those that are named (by their long names), as one group and in this order.
std::string describe(std::span<const OptionGroup> groups, std::string_view heading,
                     std::span<const std::string_view> names);

// Error kInvalidArgument with the advice to look at --help all.
tl::unexpected<Error> wrong(std::string_view what);

// Puts what `parse` finds in the value into the target. Error kInvalidArgument names the argument.
template <typename Target, typename T>
Result<void> take(const Argument& argument, Target& target, Result<T> (*parse)(std::string_view)) {
  Result<T> value = parse(argument.value);
  if (!value) return wrong("--" + argument.name + ": " + value.error().message);
  target = *std::move(value);
  return {};
}

Result<std::string> parse_path(std::string_view text);

// What becomes of a file with doubts (LoadedSettings): a process starts with them, and a check
// refuses them.
enum class Doubts : std::uint8_t { kAccepted, kRefused };

// What every program can be asked instead of its work.
struct ShowHelp {
  HelpExtent extent = HelpExtent::kBrief;
};
struct ShowVersion {};

}  // namespace throttle::config
