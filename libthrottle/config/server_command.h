// The command line of throttle-server, and what it has to say about itself.
//
// All text is UTF-8. Threads: pure functions, but for reading the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "libthrottle/config/command_line.h"
#include "libthrottle/config/settings.h"
#include "libthrottle/config/settings_file.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

// What the command line says about the server; where it says something, it wins over the file.
struct ServerOptions {
  std::string configuration = "throttle.toml";
  std::optional<std::string> address = {};  // a host as parse_host() gives it
  std::optional<std::uint16_t> port = {};
  std::optional<LogFormat> log_format = {};

  bool operator==(const ServerOptions&) const = default;
};

// What the server is asked to do.
struct Run {
  ServerOptions options;
};
struct Check {  // say whether the configuration is valid, and end
  ServerOptions options;
};
using ServerCommand = std::variant<Run, Check, ShowHelp, ShowVersion>;

// `arguments` without the name of the program. Error kInvalidArgument names the argument; the exit
// code for it is 2.
Result<ServerCommand> parse_server_command(std::span<const char* const> arguments);

// What --help shows, with a line end at its end.
std::string server_help();

// The settings of the file with those of the command line in their place: at the start, and when
// the file is read again. Errors as load_settings_file().
Result<LoadedSettings> load_settings(const ServerOptions& options);

}  // namespace throttle::config
