// The command line of throttle-server and its --help.
//
// All text is UTF-8. Threads: pure functions, except for reading the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "libthrottle/config/command_line.h"
#include "libthrottle/config/settings.h"
#include "libthrottle/config/settings_file.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

// The options of the command line; one that is given overrides the file.
struct ServerOptions {
  std::string configuration = "throttle.toml";
  std::optional<std::string> address = {};  // a host as parse_host() gives it
  std::optional<std::uint16_t> port = {};
  std::optional<LineFormat> log_format = {};
  Doubts doubts = Doubts::kAccepted;

  bool operator==(const ServerOptions&) const = default;
};

// What the server is asked to do.
struct Run {
  ServerOptions options;
};
struct Check {  // whether the configuration is valid
  ServerOptions options;
};
using ServerCommand = std::variant<Run, Check, ShowHelp, ShowVersion>;

// `arguments` without the name of the program. Error kInvalidArgument names the argument; the exit
// code for it is 2.
Result<ServerCommand> parse_server_command(std::span<const char* const> arguments);

// The options, group by group, as --help all shows them.
std::vector<OptionGroup> server_options();

// What --help or --help all shows, with a line end at its end.
std::string server_help(HelpExtent extent);

// The settings of the file, overridden by those of the command line: at the start and at a reload.
// Errors as load_settings_file().
Result<LoadedSettings> load_settings(const ServerOptions& options);

}  // namespace throttle::config
