#include "libthrottle/config/server_command.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/program_options.hpp>

#include "libthrottle/core/address.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

namespace po = boost::program_options;

constexpr std::string_view kHead =
    R"(Semaphores as a service over HTTP: who wants to use something that cannot take
many users at once asks here for a lease first, and waits in a fair queue.

Usage: throttle-server [OPTION]...

)";

constexpr std::string_view kTail = R"(
Configuration:
  The semaphores, and all other settings, stand in throttle.toml in the working
  directory or in the file given by --configuration. If there is no such file,
  the server says so and starts without semaphores. What the command line says
  wins over the file.

Environment:
  THROTTLE_LOG  What goes to stderr, instead of the level in [logging.stderr]:
                off, error, warn, info, debug or trace, or targets with levels
                of their own, as in "warn,http=debug".

Signals:
  SIGINT, SIGTERM, Ctrl+C  Stop: no new connections, waiting requests are told
                           that they are pending, the others finish. A second
                           one ends the server at once.
  SIGHUP (not on Windows)  Read the semaphores of the file again. No lease is
                           dropped; a file with mistakes changes nothing.

Exit codes:
  0  stopped as asked, or the configuration is valid
  1  the configuration is wrong, or the server could not start
  2  wrong arguments
)";

po::options_description known_options() {
  const HostPort listen = HttpSettings().listen;
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  po::options_description options("Options, with their defaults in brackets");
  auto add = options.add_options();
  add("address", value("HOST"), ("Host to listen on [" + listen.host + "]").c_str());
  add("port", value("PORT"), ("Port to listen on [" + std::to_string(listen.port) + "]").c_str());
  add("configuration,c", value("FILE"),
      ("Configuration [" + ServerOptions().configuration + "]").c_str());
  add("log-format", value("FORMAT"), "Lines on stderr: text or json [text]");
  add("check", "Say whether the configuration is valid, and end");
  add("help,h", "Show this, and end");
  add("version,V", "Show the version, and end");
  return options;
}

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, std::string(what) + " (--help shows what is possible)");
}

// The options and their values, as Boost understands them; abbreviations are not guessed.
Result<std::vector<po::option>> split(std::span<const char* const> arguments) {
  namespace styles = po::command_line_style;
  constexpr int kStyle = styles::unix_style & ~styles::allow_guessing;
  const po::options_description known = known_options();
  try {
    const std::vector<std::string> words(arguments.begin(), arguments.end());
    return po::command_line_parser(words).options(known).style(kStyle).run().options;
  } catch (const po::error& error) {
    return wrong(error.what());
  }
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error == std::errc() && stop == end) return port;
  return fail(ErrorCode::kInvalidArgument, "expected a number from 0 to 65535, got " + quote(text));
}

// Puts what `parse` finds in the value into the target.
template <typename Target, typename T>
Result<void> take(const po::option& option, Target& target, Result<T> (*parse)(std::string_view)) {
  const std::string& text = option.value.front();
  const bool swallowed = option.original_tokens.size() > 1 && text.starts_with('-');
  if (swallowed) return wrong("--" + option.string_key + ": expected a value, got " + quote(text));
  Result<T> value = parse(text);
  if (!value) return wrong("--" + option.string_key + ": " + value.error().message);
  target = *std::move(value);
  return {};
}

Result<std::string> parse_path(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return fail(ErrorCode::kInvalidArgument, "expected the path of a file, got nothing");
}

Result<void> apply(const po::option& option, ServerOptions& options) {
  const std::string& key = option.string_key;
  if (key == "address") return take(option, options.address, &parse_host);
  if (key == "port") return take(option, options.port, &parse_port);
  if (key == "configuration") return take(option, options.configuration, &parse_path);
  if (key == "log-format") return take(option, options.log_format, &parse_log_format);
  if (key.empty()) return wrong("unexpected argument " + quote(option.value.front()));
  return {};
}

}  // namespace

Result<ServerCommand> parse_server_command(std::span<const char* const> arguments) {
  const auto given = split(arguments);
  if (!given) return tl::unexpected(given.error());
  const auto count = [&given](std::string_view key) {
    return std::ranges::count(*given, key, &po::option::string_key);
  };
  ServerOptions options;
  for (const po::option& option : *given) {
    if (!option.string_key.empty() && count(option.string_key) > 1) {
      return wrong("--" + option.string_key + " is given twice");
    }
    if (const auto applied = apply(option, options); !applied) {
      return tl::unexpected(applied.error());
    }
  }
  if (count("help") > 0) return ShowHelp{};
  if (count("version") > 0) return ShowVersion{};
  if (count("check") > 0) return Check{std::move(options)};
  return Run{std::move(options)};
}

std::string server_help() {
  std::ostringstream text;
  text << kHead << known_options() << kTail;
  return text.str();
}

Result<LoadedSettings> load_settings(const ServerOptions& options) {
  auto loaded = load_settings_file(options.configuration);
  if (!loaded) return loaded;
  HttpSettings& http = loaded->settings.http;
  http.listen.host = options.address.value_or(http.listen.host);
  http.listen.port = options.port.value_or(http.listen.port);
  StderrSettings& terminal = loaded->settings.logging.terminal;
  terminal.format = options.log_format.value_or(terminal.format);
  return loaded;
}

}  // namespace throttle::config
