// What a command of the tool is: its place in --help, its options, and what it does.
//
// The tables of commands are in commands.cc. Everything a command needs of the outside world comes
// through its Context, so that tests give it a clock and a string to write to.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/inspect/output.h"

namespace throttle::inspect {

// The exit code. An error is 2, too.
enum class Exit : std::uint8_t {
  kShown = 0,          // shown, the same, proven
  kDiffers = 1,        // what was named is not there, or it differs, or is violated
  kInterrupted = 130,  // Ctrl+C
};

// What was given on the command line, after it was parsed.
struct Given {
  struct Named {
    std::string name;
    std::string value;
  };
  std::vector<Named> options;      // in their order
  std::vector<std::string> words;  // after the command

  bool has(std::string_view name) const;
  // Of the first one; empty if it is not given.
  std::string value(std::string_view name) const;
  std::vector<std::string> values(std::string_view name) const;
};

// The outside world.
struct World {
  std::int64_t now_us = 0;
  std::function<std::string(const char* name)> variable;
  // Asks on the terminal; false is no. Empty: nobody can be asked.
  std::function<bool(const std::string& question)> ask;
  // A remark for people beside the output.
  std::function<void(const std::string& text)> remark;
  // Makes what was written appear; false: nothing can be written any more. May be empty.
  std::function<bool()> flush;
  // Keys can be read, and a whole screen can be drawn.
  bool has_screen = false;
};

struct Context {
  const Given& given;
  const World& world;
  Output& out;

  // The time of an option; absent if it is not given. Error kInvalidArgument names the option.
  Result<std::optional<Moment>> moment(std::string_view option) const;
};

struct CommandOption {
  std::string_view name;   // "since", or "summary,s"
  std::string_view value;  // what --help calls its value; empty: it takes none
  std::string_view help;
  std::string_view choices = {};  // all values there are, with blanks between; empty: too many
};

struct Command {
  std::string_view name = {};
  std::string_view arguments = {};  // as in --help: "[SEMAPHORE]"
  std::string_view summary = {};
  std::string_view examples[2] = {};
  std::span<const CommandOption> options = {};
  std::size_t least_words = 0;
  std::size_t most_words = 0;
  Result<Exit> (*run)(Context& context) = nullptr;
};

std::span<const Command> commands();

}  // namespace throttle::inspect
