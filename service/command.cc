// Each verb is a row: its name, what it does, its options, and the function that makes the command
// of the arguments.
#include "service/command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "libthrottle/config/closest.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"

namespace throttle::service {

namespace {

using config::Argument;
using config::HelpExtent;
using config::Option;
using config::OptionGroup;
using config::take;
using config::wrong;

using Given = std::vector<Argument>;

constexpr std::string_view kTail = R"(
Exit codes:
  0   done, or stopped as asked
  1   failed, or cut short by a second stop
  2   wrong arguments
  3   the service is stopped
  4   the service is not installed
  5   the service is paused
  6   the service is starting or stopping
  77  not allowed
  78  the configuration is wrong
)";

struct VerbRow {
  std::string_view name;
  std::string_view help;
  bool windows_only;
  std::string_view elsewhere;  // the command that does it on Unix
  std::vector<Option> (*options)(const CommandContext&);
  Result<ServiceCommand> (*parse)(const Given&, const CommandContext&, std::string_view verb);
};

Result<std::string> parse_text(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return fail(ErrorCode::kInvalidArgument, "expected a text, got nothing");
}

Result<UserAndGroup> parse_user(std::string_view text) {
  const std::size_t colon = text.find(':');
  UserAndGroup user{std::string(text.substr(0, colon)), {}};
  if (colon != std::string_view::npos) user.group = text.substr(colon + 1);
  if (!user.user.empty() && (colon == std::string_view::npos || !user.group.empty())) return user;
  return fail(ErrorCode::kInvalidArgument, "expected NAME or NAME:GROUP, got " + quote(text));
}

// --- run and check ---

Option configuration_option(const CommandContext& context) {
  return {"configuration,c", "FILE", "Configuration [" + context.configuration + "]"};
}

Option role_option() {
  return {"role",
          "ROLE",
          "Work of throttle-server or throttle-proxy: server or proxy [server]",
          false,
          {"server", "proxy"}};
}

Option name_option() {
  return {"name", "NAME", "Name of the service [" + std::string(kDefaultServiceName) + "]"};
}

std::vector<Option> run_options(const CommandContext& context) {
  std::vector<Option> options = {
      configuration_option(context),
      role_option(),
      {"log-format", "FORMAT", "Lines on stderr: text or json [text]", false, {"text", "json"}}};
  if (context.platform == Platform::kUnix) {
    options.push_back({"daemonize", "", "Go to the background once it serves"});
    options.push_back({"pid-file", "FILE", "Write the process id there, and hold a lock on it"});
    options.push_back({"user", "NAME[:GROUP]", "As root: become this user once it listens"});
  } else {
    options.push_back({"scm", "", "Run under the Service Control Manager, which starts it so"});
    options.push_back(name_option());
  }
  return options;
}

Result<void> apply_run(const Argument& argument, RunCommand& run) {
  const std::string& name = argument.name;
  if (name == "configuration") return take(argument, run.configuration, &config::parse_path);
  if (name == "role") return take(argument, run.role, &parse_role);
  if (name == "log-format") return take(argument, run.log_format, &config::parse_log_format);
  if (name == "pid-file") return take(argument, run.pid_file, &config::parse_path);
  if (name == "user") return take(argument, run.user, &parse_user);
  if (name == "name") return take(argument, run.name, &parse_service_name);
  run.daemonize |= name == "daemonize";
  run.scm |= name == "scm";
  return {};
}

// Applies each argument to the command; the first error ends it.
template <typename Command>
Result<ServiceCommand> applied(const Given& given, Command command,
                               Result<void> (*apply)(const Argument&, Command&)) {
  for (const Argument& argument : given)
    if (const auto done = apply(argument, command); !done) return tl::unexpected(done.error());
  return command;
}

Result<ServiceCommand> parse_run(const Given& given, const CommandContext& context,
                                 std::string_view) {
  return applied(given, RunCommand{.configuration = context.configuration}, &apply_run);
}

std::vector<Option> check_options(const CommandContext& context) {
  return {configuration_option(context), role_option()};
}

Result<void> apply_check(const Argument& argument, CheckCommand& check) {
  if (argument.name == "role") return take(argument, check.role, &parse_role);
  return take(argument, check.configuration, &config::parse_path);
}

Result<ServiceCommand> parse_check(const Given& given, const CommandContext& context,
                                   std::string_view) {
  return applied(given, CheckCommand{.configuration = context.configuration}, &apply_check);
}

// --- install and uninstall ---

std::vector<Option> install_options(const CommandContext& context) {
  return {name_option(),
          {"display-name", "TEXT", "What the Services console shows [the name]"},
          configuration_option(context),
          role_option(),
          {"account", "NAME", "Account it runs as [NT SERVICE\\NAME]"},
          {"password-from", "FILE", "File with the account's password; - is stdin"},
          {"start",
           "TYPE",
           "auto, delayed, demand or disabled [auto]",
           false,
           {"auto", "delayed", "demand", "disabled"}},
          {"depends", "NAME", "A service that has to run before; may be repeated", true},
          {"reset", "", "Put back all settings of an installed service"}};
}

Result<void> apply_install(const Argument& argument, InstallCommand& install) {
  const std::string& name = argument.name;
  if (name == "name") return take(argument, install.name, &parse_service_name);
  if (name == "display-name") return take(argument, install.display_name, &parse_text);
  if (name == "configuration") return take(argument, install.configuration, &config::parse_path);
  if (name == "role") return take(argument, install.role, &parse_role);
  if (name == "account") return take(argument, install.account, &parse_text);
  if (name == "password-from") return take(argument, install.password_from, &config::parse_path);
  if (name == "start") return take(argument, install.start, &parse_start_type);
  if (name == "depends") install.depends.push_back(argument.value);
  install.reset |= name == "reset";
  return {};
}

Result<ServiceCommand> parse_install(const Given& given, const CommandContext&, std::string_view) {
  return applied(given, InstallCommand{}, &apply_install);
}

std::vector<Option> uninstall_options(const CommandContext&) {
  return {name_option(), {"purge", "", "Also remove its configuration, logs and journal"}};
}

Result<void> apply_uninstall(const Argument& argument, UninstallCommand& uninstall) {
  if (argument.name == "name") return take(argument, uninstall.name, &parse_service_name);
  uninstall.purge = true;
  return {};
}

Result<ServiceCommand> parse_uninstall(const Given& given, const CommandContext&,
                                       std::string_view) {
  return applied(given, UninstallCommand{}, &apply_uninstall);
}

// --- start to reload, and status ---

std::vector<Option> control_options(const CommandContext&) {
  return {name_option(),
          {"timeout", "TIME", "How long to wait for the state [60s]"},
          {"no-wait", "", "Return once the service was asked"}};
}

std::vector<Option> stop_options(const CommandContext& context) {
  std::vector<Option> options = control_options(context);
  options.push_back({"now", "", "Cut off what is open instead of draining it"});
  return options;
}

std::vector<Option> reload_options(const CommandContext& context) {
  std::vector<Option> options = control_options(context);
  options.push_back(
      {"pid", "NUMBER", "Instead of a service: a throttle-server or throttle-proxy in a console"});
  return options;
}

Result<std::uint32_t> parse_pid(std::string_view text) {
  std::uint32_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error == std::errc() && end == text.data() + text.size() && pid != 0) return pid;
  return fail(ErrorCode::kInvalidArgument, "expected the number of a process, got " + quote(text));
}

Result<void> apply_control(const Argument& argument, ControlCommand& command) {
  const std::string& name = argument.name;
  if (name == "name") return take(argument, command.name, &parse_service_name);
  if (name == "timeout") return take(argument, command.timeout, &parse_duration);
  if (name == "pid") return take(argument, command.pid, &parse_pid);
  command.now |= name == "now";
  command.wait &= name != "no-wait";
  return {};
}

constexpr std::array<std::pair<std::string_view, Control>, 6> kControls = {
    {{"start", Control::kStart},
     {"stop", Control::kStop},
     {"restart", Control::kRestart},
     {"pause", Control::kPause},
     {"continue", Control::kContinue},
     {"reload", Control::kReload}}};

Result<ServiceCommand> parse_control(const Given& given, const CommandContext&,
                                     std::string_view verb) {
  ControlCommand command;
  command.control =
      std::ranges::find(kControls, verb, &std::pair<std::string_view, Control>::first)->second;
  return applied(given, std::move(command), &apply_control);
}

std::vector<Option> status_options(const CommandContext&) {
  return {name_option(), {"json", "", "As a JSON object"}};
}

Result<void> apply_status(const Argument& argument, StatusCommand& status) {
  if (argument.name == "name") return take(argument, status.name, &parse_service_name);
  status.json = true;
  return {};
}

Result<ServiceCommand> parse_status(const Given& given, const CommandContext&, std::string_view) {
  return applied(given, StatusCommand{}, &apply_status);
}

// --- the table ---

constexpr VerbRow kVerbs[] = {
    {"run", "Serve until stopped, in the foreground", false, "", &run_options, &parse_run},
    {"check", "Report whether the configuration is valid", false, "", &check_options, &parse_check},
    {"install", "Install the service, or bring an installed one up to date", true,
     "systemctl enable --now throttle", &install_options, &parse_install},
    {"uninstall", "Stop and remove the service", true, "systemctl disable --now throttle",
     &uninstall_options, &parse_uninstall},
    {"start", "Start the service", true, "systemctl start throttle", &control_options,
     &parse_control},
    {"stop", "Stop the service; returns when its process is gone", true, "systemctl stop throttle",
     &stop_options, &parse_control},
    {"restart", "Stop the service and start it again", true, "systemctl restart throttle",
     &control_options, &parse_control},
    {"pause", "Grant nothing new; everything else goes on", true, "systemctl kill -s USR1 throttle",
     &control_options, &parse_control},
    {"continue", "End the pause", true, "systemctl kill -s USR2 throttle", &control_options,
     &parse_control},
    {"reload", "Read the configuration again", true, "systemctl reload throttle", &reload_options,
     &parse_control},
    {"status", "Show the state of the service", true, "systemctl status throttle", &status_options,
     &parse_status},
};

bool is_for(const VerbRow& row, const CommandContext& context) {
  return !row.windows_only || context.platform == Platform::kWindows;
}

std::vector<OptionGroup> groups_of(const VerbRow& row, const CommandContext& context) {
  std::vector<Option> options = row.options(context);
  options.push_back({"help,h", "", "Show this, and end; --help all shows more"});
  return {{"Options, with their defaults in brackets", std::move(options)}};
}

std::string options_of(const VerbRow& row, const CommandContext& context) {
  return config::describe(groups_of(row, context));
}

std::string general_help(const CommandContext& context, HelpExtent extent) {
  std::string text =
      "The lease server and the proxies under a service manager.\n\n"
      "Usage: throttle-service VERB [OPTION]...\n\nVerbs:\n";
  for (const VerbRow& row : kVerbs) {
    if (!is_for(row, context)) continue;
    text.append("  ").append(row.name).append(11 - row.name.size(), ' ').append(row.help);
    text += '\n';
  }
  if (extent == HelpExtent::kBrief) {
    return text +
           "\n`throttle-service VERB --help` shows the options of a verb. `--help all` shows\n"
           "those of all verbs, and the exit codes.\n";
  }
  for (const VerbRow& row : kVerbs)
    if (is_for(row, context))
      text.append("\n").append(row.name).append("\n").append(options_of(row, context));
  return text.append(kTail);
}

std::string verb_help(const VerbRow& row, const CommandContext& context, HelpExtent extent) {
  return std::string(row.help)
      .append(".\n\nUsage: throttle-service ")
      .append(row.name)
      .append(" [OPTION]...\n")
      .append(options_of(row, context))
      .append(extent == HelpExtent::kAll ? kTail : "\n--help all also shows the exit codes.\n");
}

tl::unexpected<Error> unknown_verb(std::string_view verb, const CommandContext& context) {
  std::vector<std::string> known;
  for (const VerbRow& row : kVerbs)
    if (is_for(row, context)) known.emplace_back(row.name);
  const std::string_view guess = config::closest(verb, known);
  std::string what = "no verb " + quote(verb);
  if (!guess.empty()) what += ", did you mean " + quote(guess) + "?";
  return wrong(what);
}

}  // namespace

Result<ServiceCommand> parse_service_command(std::span<const char* const> arguments,
                                             const CommandContext& context) {
  if (arguments.empty()) return wrong("a verb is missing, such as run");
  const std::string_view verb = arguments.front();
  if (verb == "--help" || verb == "-h") {
    const bool all = arguments.size() > 1 && std::string_view(arguments[1]) == "all";
    return HelpCommand{general_help(context, all ? HelpExtent::kAll : HelpExtent::kBrief)};
  }
  if (verb == "--version" || verb == "-V") return config::ShowVersion{};
  const auto row = std::ranges::find(kVerbs, verb, &VerbRow::name);
  if (row == std::end(kVerbs)) return unknown_verb(verb, context);
  if (!is_for(*row, context)) {
    return fail(
        ErrorCode::kInvalidArgument,
        std::string(verb) + " is for Windows services; here use: " + std::string(row->elsewhere));
  }
  const auto given = config::parse_arguments(arguments.subspan(1), groups_of(*row, context));
  if (!given) return tl::unexpected(given.error());
  if (config::is_given(*given, "help"))
    return HelpCommand{verb_help(*row, context, config::help_extent(*given))};
  return row->parse(*given, context, verb);
}

std::vector<config::OptionGroup> leading_options() {
  return {{"Instead of a verb",
           {{"help,h", "", "Show the verbs, and end"},
            {"version,V", "", "Show the version, and end"}}}};
}

std::vector<VerbDescription> verbs(const CommandContext& context) {
  std::vector<VerbDescription> described;
  for (const VerbRow& row : kVerbs)
    if (is_for(row, context)) described.push_back({row.name, row.help, groups_of(row, context)});
  return described;
}

}  // namespace throttle::service
