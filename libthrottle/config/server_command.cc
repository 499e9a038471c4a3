// The few options of the server: all others are in its configuration file.
#include "libthrottle/config/server_command.h"

#include <string_view>
#include <utility>

#include "libthrottle/config/forms.h"
#include "libthrottle/config/listen_places.h"
#include "libthrottle/core/address.h"

namespace throttle::config {

namespace {

constexpr std::string_view kHead =
    R"(Semaphores as a service over HTTP. Programs that share something that cannot
take many users at once ask this server for a lease first, and wait in a fair
queue.

Usage: throttle-server [OPTION]...
)";

constexpr std::string_view kBriefTail = R"(
Semaphores, proxies and all other settings are in the configuration, which may
be missing: then there are no semaphores. SIGHUP reads it again.
--help all also shows the environment, the signals and the exit codes.
)";

constexpr std::string_view kTail = R"(
Configuration:
  Semaphores, proxies and all other settings are read from throttle.toml in the
  working directory, or from the file given by --configuration. If the file does
  not exist, the server logs a warning and starts without semaphores. Options of
  the command line override the file.

Environment:
  THROTTLE_LOG  What goes to stderr, instead of the level in [logging.stderr]:
                off, error, warn, info, debug or trace, or targets with levels
                of their own, as in "warn,http=debug".

Signals:
  SIGINT, SIGTERM, Ctrl+C  Stop: accept no new connections, answer waiting
                           requests "pending", and let the others and the
                           connections of proxies finish within their
                           drain_timeout. A second signal ends all at once,
                           with exit code 1; the same one within a second
                           counts as the first.
  SIGHUP (not on Windows)  Read the file again. No lease or connection is
                           dropped; a file with mistakes changes nothing.
  SIGUSR1, SIGUSR2         (not on Windows) Pause: grant nothing, all requests
                           wait. Resume.

Exit codes:
  0  stopped on request, or the configuration is valid
  1  the configuration is wrong, the server could not start, or a second signal
     ended it
  2  wrong arguments
)";

std::vector<OptionGroup> known_options() {
  const HostPort listen = http::Settings().listen;
  return {
      {"Options, with their defaults in brackets",
       {{"address", "HOST", "Host to listen on [" + listen.host + "]"},
        {"port", "PORT", "Port to listen on [" + std::to_string(listen.port) + "]"},
        {"configuration,c", "FILE", "Configuration [" + ServerOptions().configuration + "]"},
        {"log-format", "FORMAT", "Lines on stderr: text or json [text]", false, {"text", "json"}},
        {"check", "", "Check that the configuration is valid, and exit"},
        {"help,h", "", "Show this, and exit; --help all shows more"},
        {"version,V", "", "Show the version, and exit"}}}};
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
  if (is_given(*given, "help")) return ShowHelp{help_extent(*given)};
  if (is_given(*given, "version")) return ShowVersion{};
  if (is_given(*given, "check")) {
    options.doubts = Doubts::kRefused;
    return Check{std::move(options)};
  }
  return Run{std::move(options)};
}

std::vector<OptionGroup> server_options() {
  return known_options();
}

std::string server_help(HelpExtent extent) {
  const std::string_view tail = extent == HelpExtent::kBrief ? kBriefTail : kTail;
  return std::string(kHead) + describe(known_options()) + std::string(tail);
}

Result<LoadedSettings> load_settings(const ServerOptions& options) {
  auto loaded = load_settings_file(options.configuration);
  if (options.doubts == Doubts::kRefused) loaded = without_doubts(std::move(loaded));
  if (!loaded) return loaded;
  http::Settings& http = loaded->settings.http;
  http.listen.host = options.address.value_or(http.listen.host);
  http.listen.port = options.port.value_or(http.listen.port);
  if (const auto who = who_listens_at(http.listen, loaded->settings.proxies); !who.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                options.configuration + ": " + who +
                    ", which is the address of the server; choose " +
                    "another one with http.listen, or --address and --port");
  }
  telemetry::TerminalSettings& terminal = loaded->settings.logging.terminal;
  terminal.format = options.log_format.value_or(terminal.format);
  return loaded;
}

}  // namespace throttle::config
