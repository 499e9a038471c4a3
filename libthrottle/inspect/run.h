// Runs the tool: from the command line to the exit code. Threads: the main one.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

struct Terminal {
  bool is_terminal = false;
  std::size_t columns = 0;
  bool has_colors = false;
};

// Where a run writes, and what it knows of the terminal.
struct Surroundings {
  World world;
  Terminal terminal;
  Output::Sink out;
  std::function<void(std::string_view)> error;
};

// Runs one command line (without the name of the program); returns the exit code.
int run(std::span<const char* const> arguments, std::string_view version,
        const Surroundings& surroundings);

// With the terminal, the pager and the environment of the process. The arguments are those of
// app/arguments.h.
int run_main(std::span<const std::string> words, std::string_view version);

}  // namespace throttle::inspect
