// The command line of throttle-service, on both kinds of system.
#include "service/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/command_line_checks.h"

namespace throttle::service {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const CommandContext kUnix{};
const CommandContext kWindows{.platform = Platform::kWindows,
                              .configuration = R"(C:\ProgramData\Throttle\throttle.toml)"};

Result<ServiceCommand> parse(std::vector<const char*> arguments,
                             const CommandContext& context = kUnix) {
  return parse_service_command(arguments, context);
}

template <typename Command>
Command parsed(std::vector<const char*> arguments, const CommandContext& context = kUnix) {
  const auto command = parse(std::move(arguments), context);
  if (command && std::holds_alternative<Command>(*command)) return std::get<Command>(*command);
  ADD_FAILURE() << (command ? "another command" : command.error().message);
  return {};
}

std::string error(std::vector<const char*> arguments, const CommandContext& context = kUnix) {
  const auto command = parse(std::move(arguments), context);
  return command ? "no error" : command.error().message;
}

TEST(ServiceCommand, RunsInTheForegroundWithTheSystemsConfiguration) {
  const auto run = parsed<RunCommand>({"run"});
  EXPECT_EQ(run.configuration, "/etc/throttle/throttle.toml");
  EXPECT_EQ(run.role, Role::kServer);
  EXPECT_FALSE(run.daemonize);
  EXPECT_FALSE(run.scm);
}

TEST(ServiceCommand, RunTakesTheOptionsOfUnix) {
  const auto run = parsed<RunCommand>({"run", "-c", "a.toml", "--role", "proxy", "--log-format",
                                       "json", "--daemonize", "--pid-file", "p", "--user", "u:g"});
  EXPECT_EQ(run.configuration, "a.toml");
  EXPECT_EQ(run.role, Role::kProxy);
  EXPECT_EQ(run.log_format, config::LineFormat::kJson);
  EXPECT_TRUE(run.daemonize);
  EXPECT_EQ(run.pid_file, "p");
  EXPECT_EQ(run.user, (UserAndGroup{"u", "g"}));
}

TEST(ServiceCommand, ReloadsAProgramOfTheConsoleByItsNumber) {
  EXPECT_EQ(parsed<ControlCommand>({"reload", "--pid", "4712"}, kWindows).pid, 4712U);
  EXPECT_EQ(parsed<ControlCommand>({"reload"}, kWindows).pid, std::nullopt);
  EXPECT_THAT(error({"reload", "--pid", "0"}, kWindows), HasSubstr("the number of a process"));
  EXPECT_THAT(error({"reload", "--pid", "1x"}, kWindows), HasSubstr("\"1x\""));
  EXPECT_THAT(error({"stop", "--pid", "4712"}, kWindows), HasSubstr("pid"));
}

TEST(ServiceCommand, RunTakesTheOptionsOfWindows) {
  const auto run = parsed<RunCommand>({"run", "--scm", "--name", "Second"}, kWindows);
  EXPECT_TRUE(run.scm);
  EXPECT_EQ(run.name, "Second");
  EXPECT_EQ(run.configuration, kWindows.configuration);
  EXPECT_THAT(error({"run", "--daemonize"}, kWindows), HasSubstr("daemonize"));
  EXPECT_THAT(error({"run", "--scm"}), HasSubstr("scm"));
}

TEST(ServiceCommand, InstallKeepsWhatIsNotGivenOpen) {
  const auto install = parsed<InstallCommand>({"install"}, kWindows);
  EXPECT_EQ(install.name, "Throttle");
  EXPECT_FALSE(install.configuration || install.role || install.account || install.start);
}

TEST(ServiceCommand, InstallTakesAllItsOptions) {
  const auto install = parsed<InstallCommand>(
      {"install",  "--name",  "N",       "--display-name", "A B",   "-c",
       "f",        "--role",  "proxy",   "--account",      "D\\u",  "--password-from",
       "-",        "--start", "delayed", "--depends",      "Tcpip", "--depends",
       "Dnscache", "--reset"},
      kWindows);
  EXPECT_EQ(install.display_name, "A B");
  EXPECT_EQ(install.account, "D\\u");
  EXPECT_EQ(install.password_from, "-");
  EXPECT_EQ(install.start, StartType::kDelayed);
  EXPECT_THAT(install.depends, ElementsAre("Tcpip", "Dnscache"));
  EXPECT_TRUE(install.reset);
}

TEST(ServiceCommand, ControlsWaitAMinuteUnlessAskedOtherwise) {
  EXPECT_EQ(parsed<ControlCommand>({"reload"}, kWindows).control, Control::kReload);
  EXPECT_EQ(parsed<ControlCommand>({"start"}, kWindows).timeout, 60s);
  const auto stop =
      parsed<ControlCommand>({"stop", "--now", "--timeout", "5s", "--no-wait"}, kWindows);
  EXPECT_EQ(stop.control, Control::kStop);
  EXPECT_TRUE(stop.now);
  EXPECT_FALSE(stop.wait);
  EXPECT_EQ(stop.timeout, 5s);
  EXPECT_THAT(error({"start", "--now"}, kWindows), HasSubstr("now"));
}

TEST(ServiceCommand, OnUnixTheOtherVerbsNameTheCommandThatDoesIt) {
  EXPECT_THAT(error({"reload"}), HasSubstr("systemctl reload throttle"));
  EXPECT_THAT(error({"install"}), HasSubstr("systemctl enable --now throttle"));
  EXPECT_THAT(error({"pause"}), HasSubstr("systemctl kill -s USR1 throttle"));
  for (const char* verb : {"install", "uninstall", "start", "stop", "restart", "pause", "continue",
                           "reload", "status"})
    EXPECT_THAT(error({verb, "--whatever"}), HasSubstr("here use: systemctl ")) << verb;
}

TEST(ServiceCommand, AnUnknownVerbIsAnErrorWithAGuess) {
  EXPECT_THAT(error({"chek"}), HasSubstr(R"(did you mean "check"?)"));
  EXPECT_THAT(error({"stat"}, kWindows), HasSubstr("did you mean \"sta"));
  EXPECT_THAT(error({}), HasSubstr("a verb is missing"));
}

TEST(ServiceCommand, ANameThatFitsNoFileIsRefused) {
  EXPECT_THAT(error({"status", "--name", "a/b"}, kWindows), HasSubstr("--name: expected a name"));
}

TEST(ServiceCommand, HelpListsTheVerbsOfThePlatform) {
  EXPECT_THAT(parsed<HelpCommand>({"--help"}).text, HasSubstr("  check "));
  EXPECT_EQ(parsed<HelpCommand>({"--help"}).text.find("uninstall"), std::string::npos);
  EXPECT_THAT(parsed<HelpCommand>({"-h"}, kWindows).text, HasSubstr("  uninstall "));
  EXPECT_THAT(parsed<HelpCommand>({"run", "--help"}).text, HasSubstr("--pid-file"));
  for (const char* argument : {"--version", "-V"})
    EXPECT_TRUE(std::holds_alternative<config::ShowVersion>(*parse({argument})));
}

TEST(ServiceCommand, HelpFitsOneScreenAndAllOfItHasTheRest) {
  for (const CommandContext& context : {kWindows, kUnix}) {
    const std::string all = parsed<HelpCommand>({"--help", "all"}, context).text;
    config::expect_brief(parsed<HelpCommand>({"--help"}, context).text, all);
    config::expect_fits_terminal(all);
    EXPECT_THAT(all, HasSubstr("Exit codes:"));
    for (const VerbDescription& verb : verbs(context)) {
      const std::string name(verb.name);
      const std::string brief = parsed<HelpCommand>({name.c_str(), "--help"}, context).text;
      const std::string rest = parsed<HelpCommand>({name.c_str(), "-h", "all"}, context).text;
      config::expect_brief(brief, rest);
      config::expect_fits_terminal(rest);
      for (const std::string& option : config::options_in(rest))
        EXPECT_THAT(all, HasSubstr(option)) << name;
    }
  }
}

}  // namespace
}  // namespace throttle::service
