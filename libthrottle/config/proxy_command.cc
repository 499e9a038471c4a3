// The options are the rows of proxy_keys.cc that have one, and a few of the program itself.
#include "libthrottle/config/proxy_command.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/config/document.h"
#include "libthrottle/config/findings.h"
#include "libthrottle/config/forms.h"
#include "libthrottle/config/listen_places.h"
#include "libthrottle/config/proxy_keys.h"
#include "libthrottle/core/check.h"

namespace throttle::config {

namespace {

constexpr std::string_view kUsage =
    R"(A fair semaphore in front of a TCP service that cannot take many clients at
once: a few are connected to it, the others wait in a queue for their turn.

Usage: throttle-proxy -l [ADDRESS:]PORT -p PORT [OPTION]...
       throttle-proxy -c FILE [--status [ADDRESS:]PORT] [--log-format FORMAT]
)";

// The options that --help shows.
constexpr std::string_view kBrief[] = {
    "listen",         "upstream-port", "upstream-host", "max-connections", "timeout",
    "max-per-client", "status",        "configuration", "check",           "help"};

constexpr std::string_view kBriefTail = R"(
A TIME is a duration such as 20s or "1h 30m". --help all shows all options:
queue orders, more time limits, commands, recycling, limits by client address,
the PROXY protocol. It also shows the environment, signals and exit codes.
)";

constexpr std::string_view kExamples = R"(
  throttle-proxy -l 9000 -p 8100
      One client at a time for the service on port 8100 of this machine.
  throttle-proxy -l 127.0.0.1:9000 -h db.example.org -p 5432 -n 5 -t 10min
      Five at a time for another machine's, for ten minutes at most.

A TIME is a duration such as 20s, 1.5s or "1h 30m", or a number of milliseconds.
Defaults are in brackets; an option without one sets no limit.
)";

constexpr std::string_view kTail = R"(
Configuration:
  A file given by --configuration has a table [proxy.NAME] for each proxy, with
  keys like the long options: listen, upstream = "HOST:PORT", max_connections,
  client_limits and so on; examples/throttle.toml has all of them. Proxies of
  one process may share a semaphore of the file. Only proxies that
  throttle-server -c runs share it with jobs that take leases over HTTP too.
  The log level is that of the file, or warn; without a file it is info.

Environment:
  THROTTLE_LOG  What goes to stderr: off, error, warn, info, debug or trace, or
                targets with levels of their own, as in "warn,proxy=debug".

Environment of the commands:
  THROTTLE_PROXY, THROTTLE_UPSTREAM, THROTTLE_CLIENT_ADDRESS,
  THROTTLE_CLIENT_PORT, THROTTLE_ACTIVATION (1, 2, 3 ...), THROTTLE_WAITED_MS,
  THROTTLE_QUEUED, and THROTTLE_TIMED_OUT (1 if a connection has reached its
  --timeout since the last activation). Their output goes to the log.

Signals:
  SIGINT, SIGTERM, Ctrl+C  Stop: accept no new connections; open ones may
                           finish within --drain-timeout. A second signal
                           ends them at once, with exit code 1; the same one
                           within a second counts as the first.
  SIGHUP (not on Windows)  Read the file again. No connection is dropped; a
                           file with mistakes changes nothing.
  SIGUSR1, SIGUSR2         (not on Windows) Pause: admit no client, all wait.
                           Resume.

Exit codes:
  0  stopped on request, or all is valid
  1  the configuration is wrong, the proxy could not start, or open connections
     were cut off by a second signal
  2  wrong arguments
)";

constexpr std::string_view kDefaultName = "proxy";

Result<std::uint16_t> parse_upstream_port(std::string_view text) {
  auto port = parse_port(text);
  if (!port || *port == 0) return unlike("a number from 1 to 65535", text);
  return port;
}

Result<std::string> parse_name(std::string_view text) {
  if (!fits_into_a_path(text)) return unlike("a name that a URL can carry", text);
  return std::string(text);
}

// "listen" of "listen,l".
std::string_view long_name(std::string_view option) {
  return option.substr(0, option.find(','));
}

// How a key is called on the command line.
std::string option_of(std::string_view key) {
  std::string option = "--" + std::string(key);
  std::ranges::replace(option, '_', '-');
  return option;
}

// As a basic string of TOML, in which quotes need no escape; as it is if it is none. The shell has
// no way to write a line end that people would remember.
std::string unescaped(std::string_view text) {
  std::string document = "text = \"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') document += '\\';
    document += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) document += text[++i];
  }
  Findings findings("--reject-text");
  const auto read = parse_document(document + '"', findings);
  const bool is_text = read && read->entries.size() == 1 && read->entries.front().key == "text";
  return is_text ? read->entries.front().value.text : std::string(text);
}

// The words in quotes of what is expected, such as "close", "reset" or "http"; none where that
// begins with something else.
std::vector<std::string> choices_of(std::string_view expected) {
  std::vector<std::string> choices;
  if (!expected.starts_with('"')) return choices;
  std::string word;
  bool is_quoted = false;
  for (const char c : expected) {
    if (c != '"') {
      if (is_quoted) word += c;
      continue;
    }
    if (is_quoted) choices.push_back(std::exchange(word, {}));
    is_quoted = !is_quoted;
  }
  return choices;
}

Option described(const ProxyKey& key) {
  std::string help(key.help);
  const bool shown = !key.fallback.empty() && key.shape != Shape::kBoolean;
  if (shown) help += " [" + std::string(key.fallback) + ']';
  const bool repeatable =
      key.shape == Shape::kStrings || key.shape == Shape::kTable || key.shape == Shape::kOneOrMore;
  return {std::string(key.option), std::string(key.value), std::move(help), repeatable,
          choices_of(key.expected)};
}

std::vector<OptionGroup> known_options() {
  std::vector<OptionGroup> groups;
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    OptionGroup& shown = groups.emplace_back(OptionGroup{std::string(group.heading), {}});
    for (const ProxyKey& key : group.keys) {
      if (!key.option.empty()) shown.options.push_back(described(key));
    }
  }
  THROTTLE_CHECK(!groups.empty());
  std::vector<Option>& where = groups.front().options;
  where.push_back({"upstream-port,p", "PORT", "The service's port"});
  where.push_back({"upstream-host,h", "HOST", "The service's host [localhost]"});
  where.push_back({"name", "NAME", "Name of this proxy in the log and the metrics [proxy]"});
  groups.push_back(
      {"This program",
       {{"configuration,c", "FILE", "Run the proxies of this file instead"},
        {"status", "[ADDRESS:]PORT", "Serve /health, /ready, /metrics and /connections there"},
        {"log-format", "FORMAT", "Lines on stderr: text or json [text]", false, {"text", "json"}},
        {"check", "", "Check that all of this is valid, and exit"},
        {"help", "", "Show this, and exit; --help all shows more"},
        {"version,V", "", "Show the version, and exit"}}});
  return groups;
}

const ProxyKey* find_key(std::string_view name) {
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    for (const ProxyKey& key : group.keys) {
      if (!key.option.empty() && long_name(key.option) == name) return &key;
    }
  }
  return nullptr;
}

// Of a host that is none.
std::string advice_on_socket(std::string_view text) {
  const bool is_path = text.starts_with('/');
  const std::string place = is_path ? std::string(kUnixPrefix).append(text) : std::string(text);
  if (is_path || text.starts_with(kUnixPrefix))
    return ". For a Unix socket write --upstream " + place + ", without -p";
  return advice_on_place(text, UnixSockets::kRefused);
}

Result<std::string> parse_upstream_host(std::string_view text) {
  auto host = parse_host(text);
  if (host) return host;
  if (const auto with_port = parse_host_port(text); with_port)
    host.error().message += ". Give the port by itself, with -p " +
                            std::to_string(with_port->port) + ", or write --upstream " +
                            with_port->to_string();
  else
    host.error().message += advice_on_socket(text);
  return host;
}

Result<void> apply_key(const ProxyKey& key, const Argument& argument, ProxyOptions& options) {
  const std::string option = "--" + argument.name;
  if (key.value == "COMMAND" && argument.value.empty())
    return wrong(option + ": expected a command, got nothing");
  std::string value = key.shape == Shape::kBoolean ? "true" : argument.value;
  if (argument.name == "reject-text") value = unescaped(value);
  const auto set = key.set(value, options.proxy);
  if (!set) return wrong(option + ": " + set.error().message);
  if (key.value != kTimeValue) return {};
  const std::string doubt = doubt_of_duration(argument.value);
  if (!doubt.empty()) options.warnings.push_back(option + ": " + argument.value + ' ' + doubt);
  return {};
}

Result<void> apply(const Argument& argument, ProxyOptions& options) {
  const std::string& name = argument.name;
  if (name == "configuration") return take(argument, options.configuration, &parse_path);
  if (name == "status") return take(argument, options.status, kListen.parse);
  if (name == "log-format") return take(argument, options.log_format, &parse_log_format);
  if (name == "name") return take(argument, options.proxy.name, &parse_name);
  if (name == "upstream-host")
    return take(argument, options.proxy.upstream.host, &parse_upstream_host);
  if (name == "upstream-port") {
    return take(argument, options.proxy.upstream.port, &parse_upstream_port);
  }
  const ProxyKey* const key = find_key(name);
  return key == nullptr ? Result<void>() : apply_key(*key, argument, options);
}

// With a file, only what is about the program goes.
Result<void> check_against_file(std::span<const Argument> given) {
  constexpr std::array<std::string_view, 4> kAllowed = {"configuration", "status", "log-format",
                                                        "check"};
  for (const Argument& argument : given) {
    if (std::ranges::find(kAllowed, argument.name) == kAllowed.end()) {
      return wrong("--" + argument.name +
                   " cannot be combined with --configuration: set it in the file");
    }
  }
  return {};
}

// Without one, the proxy has to be complete.
Result<void> check_alone(std::span<const Argument> given, const proxy::Settings& proxy) {
  if (!is_given(given, "listen")) return wrong("--listen (-l) is missing: where clients connect");
  const bool in_one = is_given(given, "upstream");
  if (in_one && (is_given(given, "upstream-port") || is_given(given, "upstream-host")))
    return wrong("--upstream has the host and the port; leave out the other one");
  if (!in_one && !is_given(given, "upstream-port"))
    return wrong("--upstream-port (-p) is missing: where the service is");
  for (const Misfit& misfit : misfits(proxy)) {
    return wrong(option_of(misfit.key) + ' ' + describe(misfit, &option_of));
  }
  return {};
}

Result<LoadedSettings> load_file(const std::string& path) {
  auto loaded = load_settings_file(path);
  if (!loaded) return loaded;
  if (loaded->file == FileState::kMissing) {
    return fail(ErrorCode::kNotFound, path + ": no such file");
  }
  if (loaded->settings.proxies.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                path + ": no proxy is configured; add a table such as [proxy.office]");
  }
  return loaded;
}

LoadedSettings of_one_proxy(const proxy::Settings& proxy) {
  LoadedSettings loaded;
  loaded.settings.logging.terminal.level = telemetry::Level::kInfo;
  loaded.settings.proxies = {proxy};
  return loaded;
}

}  // namespace

Result<ProxyCommand> parse_proxy_command(std::span<const char* const> arguments) {
  const auto given = parse_arguments(arguments, known_options());
  if (!given) return tl::unexpected(given.error());
  ProxyOptions options;
  options.proxy.name = kDefaultName;
  for (const Argument& argument : *given) {
    if (const auto applied = apply(argument, options); !applied) {
      return tl::unexpected(applied.error());
    }
  }
  if (is_given(*given, "help")) return ShowHelp{help_extent(*given)};
  if (is_given(*given, "version")) return ShowVersion{};
  const auto complete =
      options.configuration ? check_against_file(*given) : check_alone(*given, options.proxy);
  if (!complete) return tl::unexpected(complete.error());
  if (is_given(*given, "check")) {
    options.doubts = Doubts::kRefused;
    return CheckProxy{std::move(options)};
  }
  return RunProxy{std::move(options)};
}

std::vector<OptionGroup> proxy_options() {
  return known_options();
}

std::string proxy_help(HelpExtent extent) {
  const std::string usage(kUsage);
  if (extent == HelpExtent::kAll)
    return usage + std::string(kExamples) + describe(known_options()) + std::string(kTail);
  return usage +
         describe(known_options(), "Options most in use, with their defaults in brackets", kBrief) +
         std::string(kBriefTail);
}

Result<LoadedSettings> load_settings(const ProxyOptions& options) {
  auto loaded = options.configuration ? load_file(*options.configuration)
                                      : Result<LoadedSettings>(of_one_proxy(options.proxy));
  if (options.doubts == Doubts::kRefused) loaded = without_doubts(std::move(loaded));
  if (!loaded) return loaded;
  loaded->warnings.insert(loaded->warnings.end(), options.warnings.begin(), options.warnings.end());
  if (!options.configuration) {
    const std::string clash = clash_within(options.proxy);
    if (!clash.empty()) return fail(ErrorCode::kInvalidArgument, "--listen: " + clash);
    const std::string loop = loop_closed_by_last(loaded->settings.proxies);
    if (!loop.empty())
      return fail(ErrorCode::kInvalidArgument, "the service is the proxy itself: " + loop);
  }
  if (options.status) {
    loaded->settings.status = options.status;
    const std::string who = who_listens_at(*options.status, loaded->settings.proxies);
    if (!who.empty()) return fail(ErrorCode::kInvalidArgument, "--status: " + who);
  }
  telemetry::TerminalSettings& terminal = loaded->settings.logging.terminal;
  terminal.format = options.log_format.value_or(terminal.format);
  return loaded;
}

}  // namespace throttle::config
