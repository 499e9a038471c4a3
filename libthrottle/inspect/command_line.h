// The command line of the tool: which command, with which options and words.
//
// Options may come before the command and behind it. Each command has a parser of its own, of the
// options that all have and its own. Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

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

std::string help();
// With the options that all commands have, or without.
enum class Scope : std::uint8_t { kAll, kItself };
std::string help_of(const Command& command, Scope scope = Scope::kAll);

}  // namespace throttle::inspect
