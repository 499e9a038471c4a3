// The command line of throttle-proxy and its --help: either one proxy, option by option, or a
// configuration file.
//
// All text is UTF-8. Threads: pure functions, except for reading the file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "libthrottle/config/command_line.h"
#include "libthrottle/config/settings.h"
#include "libthrottle/config/settings_file.h"
#include "libthrottle/core/result.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::config {

struct ProxyOptions {
  std::optional<std::string> configuration = {};  // if there is one, its proxies are run
  proxy::Settings proxy = {};                     // otherwise this one
  std::optional<HostPort> status = {};            // an empty host: all addresses
  std::optional<LineFormat> log_format = {};
  Doubts doubts = Doubts::kAccepted;
  std::vector<std::string> warnings = {};  // a line each

  bool operator==(const ProxyOptions&) const = default;
};

// What the proxy is asked to do.
struct RunProxy {
  ProxyOptions options;
};
struct CheckProxy {  // whether all is valid
  ProxyOptions options;
};
using ProxyCommand = std::variant<RunProxy, CheckProxy, ShowHelp, ShowVersion>;

// `arguments` without the name of the program. Error kInvalidArgument names the argument; the exit
// code for it is 2.
Result<ProxyCommand> parse_proxy_command(std::span<const char* const> arguments);

// The options, group by group, as --help all shows them.
std::vector<OptionGroup> proxy_options();

// What --help or --help all shows, with a line end at its end.
std::string proxy_help(HelpExtent extent);

// One proxy or more: at the start and at a reload. Without a file nothing changes at a reload, and
// the log level is info, so every connection is logged. Errors as load_settings_file(), and
// kNotFound if there is no such file, kInvalidArgument if it has no proxy.
Result<LoadedSettings> load_settings(const ProxyOptions& options);

}  // namespace throttle::config
