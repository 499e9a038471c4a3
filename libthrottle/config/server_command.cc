#include "libthrottle/config/server_command.h"

#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/config/forms.h"
#include "libthrottle/config/listen_places.h"
#include "libthrottle/core/address.h"

namespace throttle::config {

namespace {

constexpr std::string_view kHead =
    R"(Semaphores as a service over HTTP: who wants to use something that cannot take
many users at once asks here for a lease first, and waits in a fair queue.

Usage: throttle-server [OPTION]...
)";

constexpr std::string_view kTail = R"(
Configuration:
  The semaphores, the proxies and all other settings stand in throttle.toml in
  the working directory or in the file given by --configuration. If there is no
  such file, the server says so and starts without semaphores. What the command
  line says wins over the file.

Environment:
  THROTTLE_LOG  What goes to stderr, instead of the level in [logging.stderr]:
                off, error, warn, info, debug or trace, or targets with levels
                of their own, as in "warn,http=debug".

Signals:
  SIGINT, SIGTERM, Ctrl+C  Stop: no new connections, waiting requests are told
                           that they are pending, the others finish, and the
                           connections of proxies may end for their
                           drain_timeout. A second one ends all at once, with
                           exit code 1.
  SIGHUP (not on Windows)  Read the semaphores and proxies of the file again. No
                           lease or connection is dropped; a file with mistakes
                           changes nothing.

Exit codes:
  0  stopped as asked, or the configuration is valid
  1  the configuration is wrong, the server could not start, or was cut short
     by a second signal
  2  wrong arguments
)";

std::vector<OptionGroup> known_options() {
  const HostPort listen = HttpSettings().listen;
  return {{"Options, with their defaults in brackets",
           {{"address", "HOST", "Host to listen on [" + listen.host + "]"},
            {"port", "PORT", "Port to listen on [" + std::to_string(listen.port) + "]"},
            {"configuration,c", "FILE", "Configuration [" + ServerOptions().configuration + "]"},
            {"log-format", "FORMAT", "Lines on stderr: text or json [text]"},
            {"check", "", "Say whether the configuration is valid, and end"},
            {"help,h", "", "Show this, and end"},
            {"version,V", "", "Show the version, and end"}}}};
}

Result<void> apply(const Argument& argument, ServerOptions& options) {
  const std::string& name = argument.name;
  if (name == "address") return take(argument, options.address, &parse_host);
  if (name == "port") return take(argument, options.port, &parse_port);
  if (name == "configuration") return take(argument, options.configuration, &parse_path);
  if (name == "log-format") return take(argument, options.log_format, &parse_log_format);
  return {};
}

}  // namespace

Result<ServerCommand> parse_server_command(std::span<const char* const> arguments) {
  const auto given = parse_arguments(arguments, known_options());
  if (!given) return tl::unexpected(given.error());
  ServerOptions options;
  for (const Argument& argument : *given) {
    if (const auto applied = apply(argument, options); !applied) {
      return tl::unexpected(applied.error());
    }
  }
  if (is_given(*given, "help")) return ShowHelp{};
  if (is_given(*given, "version")) return ShowVersion{};
  if (is_given(*given, "check")) return Check{std::move(options)};
  return Run{std::move(options)};
}

std::string server_help() {
  return std::string(kHead) + describe(known_options()) + std::string(kTail);
}

Result<LoadedSettings> load_settings(const ServerOptions& options) {
  auto loaded = load_settings_file(options.configuration);
  if (!loaded) return loaded;
  HttpSettings& http = loaded->settings.http;
  http.listen.host = options.address.value_or(http.listen.host);
  http.listen.port = options.port.value_or(http.listen.port);
  if (const auto who = who_listens_at(http.listen, loaded->settings.proxies); !who.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                options.configuration + ": " + who + ", where the server is to listen; give it " +
                    "another address by http.listen, or --address and --port");
  }
  StderrSettings& terminal = loaded->settings.logging.terminal;
  terminal.format = options.log_format.value_or(terminal.format);
  return loaded;
}

}  // namespace throttle::config
