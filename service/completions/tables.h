// What can be completed on the command lines of the tools, in one form for every shell, taken from
// the tables that the tools parse their arguments with.
// Threads: pure functions and constants.
#pragma once

#include <string>
#include <vector>

namespace throttle::service::completions {

struct Option {
  std::string name;    // "--journal"
  std::string letter;  // "-j", or empty
  std::string value;   // what --help calls its value; empty: it takes none
  std::string help;
  bool repeatable = false;
  std::vector<std::string> choices;  // all values there are; empty: too many to name

  // Whether its value is the path of a file.
  bool is_file() const { return value == "FILE"; }
};

struct Command {
  std::string name;
  std::string help;
  std::vector<Option> options;
};

struct Tool {
  std::string name;
  std::vector<Option> leading = {};  // only before a command
  std::vector<Option> shared = {};   // anywhere
  std::vector<Command> commands = {};
};

enum class Platform : bool { kUnix, kWindows };

std::vector<Tool> tools(Platform platform);

// The names of an option with blanks between: "--journal -j".
std::string names(const Option& option);
// All values of an option with blanks between.
std::string choices(const Option& option);

// A text for sh and its kin, in single quotes; `escaped` is what stands for a single quote.
std::string quoted(const std::string& text, const std::string& escaped = R"('\'')");

std::string replaced(std::string text, const std::string& part, const std::string& by);

}  // namespace throttle::service::completions
