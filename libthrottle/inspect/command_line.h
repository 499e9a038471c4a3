// The command line of the tool: which command, with which options and words.
//
// Options may come before the command and behind it. Each command has a parser of its own, of the
// options that all have and its own. Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "libthrottle/config/command_line.h"
#include "libthrottle/core/result.h"
#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

struct ShowText {
  std::string text;  // for stdout; the exit code is 0
};
struct Asked {
  const Command* command = nullptr;
  Given given;
};
using Request = std::variant<ShowText, Asked>;

// Error kInvalidArgument says what is wrong and where help is.
Result<Request> parse_command_line(std::span<const char* const> arguments,
                                   std::string_view version);

// The options that all commands have.
std::span<const CommandOption> common_options();
bool is_repeatable(const CommandOption& option);

// The commands; all of it also has their arguments, the options that all of them have and the exit
// status.
std::string help(config::HelpExtent extent);
// Of one command: its examples and options; all of it also has the options that all commands have.
std::string help_of(const Command& command, config::HelpExtent extent);

}  // namespace throttle::inspect
