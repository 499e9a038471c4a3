// The command line of throttle-proxy, and what it has to say about itself: either one proxy, option
// by option, or a configuration file.
//
// All text is UTF-8. Threads: pure functions, but for reading the file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

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
  std::optional<LogFormat> log_format = {};

  bool operator==(const ProxyOptions&) const = default;
};

// What the proxy is asked to do.
struct RunProxy {
  ProxyOptions options;
};
struct CheckProxy {  // say whether all is valid, and end
  ProxyOptions options;
};
using ProxyCommand = std::variant<RunProxy, CheckProxy, ShowHelp, ShowVersion>;

// `arguments` without the name of the program. Error kInvalidArgument names the argument; the exit
// code for it is 2.
Result<ProxyCommand> parse_proxy_command(std::span<const char* const> arguments);

// What --help shows, with a line end at its end.
std::string proxy_help();

// One proxy or more: at the start, and when the file is read again. Without a file there is nothing
// new, and the log tells of every connection. Errors as load_settings_file(), and kNotFound if
// there is no such file, kInvalidArgument if it has no proxy.
Result<LoadedSettings> load_settings(const ProxyOptions& options);

}  // namespace throttle::config
