// The command line of throttle-service: `throttle-service VERB [OPTION]...`.
//
// The verbs that speak with the Service Control Manager exist on Windows only; elsewhere they are
// an error that names the command which does it. All text is UTF-8. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libthrottle/config/command_line.h"
#include "libthrottle/config/settings.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "service/install_plan.h"
#include "service/role.h"
#include "service/service_identity.h"

namespace throttle::service {

enum class Platform : std::uint8_t { kUnix, kWindows };

// What the platform decides.
struct CommandContext {
  Platform platform = Platform::kUnix;
  std::string configuration = "/etc/throttle/throttle.toml";  // the default of -c
};

// The exit codes, which scripts and service managers rely on.
enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kWrongArguments = 2,
  kStopped = 3,
  kNotInstalled = 4,
  kPaused = 5,
  kPending = 6,
  kNotAllowed = 77,
  kWrongConfiguration = 78,
};

struct UserAndGroup {
  std::string user;
  std::string group;  // empty: the user's own

  bool operator==(const UserAndGroup&) const = default;
};

struct RunCommand {
  std::string configuration;
  Role role = Role::kServer;
  std::optional<config::LineFormat> log_format = {};
  // Unix
  bool daemonize = false;
  std::optional<std::string> pid_file = {};
  std::optional<UserAndGroup> user = {};
  // Windows
  bool scm = false;
  std::string name = std::string(kDefaultServiceName);
};

struct CheckCommand {
  std::string configuration;
  Role role = Role::kServer;
};

// The options of `install` as given; the caller adds what the machine decides.
struct InstallCommand {
  std::string name = std::string(kDefaultServiceName);
  std::optional<std::string> display_name = {};
  std::optional<std::string> configuration = {};
  std::optional<Role> role = {};
  std::optional<std::string> account = {};
  std::optional<std::string> password_from = {};
  std::optional<StartType> start = {};
  std::vector<std::string> depends = {};
  bool reset = false;
};

struct UninstallCommand {
  std::string name = std::string(kDefaultServiceName);
  bool purge = false;
};

enum class Control : std::uint8_t { kStart, kStop, kRestart, kPause, kContinue, kReload };

struct ControlCommand {
  Control control = Control::kStart;
  std::string name = std::string(kDefaultServiceName);
  Duration timeout = std::chrono::seconds(60);  // to wait for the state
  bool wait = true;
  bool now = false;                       // of stop: without draining
  std::optional<std::uint32_t> pid = {};  // of reload: a program of the console, not a service
};

struct StatusCommand {
  std::string name = std::string(kDefaultServiceName);
  bool json = false;
};

struct HelpCommand {
  std::string text;
};

using ServiceCommand =
    std::variant<RunCommand, CheckCommand, InstallCommand, UninstallCommand, ControlCommand,
                 StatusCommand, HelpCommand, config::ShowVersion>;

// `arguments` without the name of the program. Error kInvalidArgument, for which the exit code is
// 2: names the argument or verb, and what is possible.
Result<ServiceCommand> parse_service_command(std::span<const char* const> arguments,
                                             const CommandContext& context);

// One verb for the man page and the completions.
struct VerbDescription {
  std::string_view name;
  std::string_view help;
  std::vector<config::OptionGroup> options;
};
std::vector<VerbDescription> verbs(const CommandContext& context);

// The options that may be given instead of a verb.
std::vector<config::OptionGroup> leading_options();

}  // namespace throttle::service
