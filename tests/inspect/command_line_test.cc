// Command lines: where commands and options are found, what is refused, what --help says.
#include "libthrottle/inspect/command_line.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/inspect/places.h"
#include "tests/config/command_line_checks.h"
#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using config::HelpExtent;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using InspectCommandLine = InspectTest;

TEST_F(InspectCommandLine, TakesOptionsBeforeAndBehindTheCommand) {
  open();
  ASSERT_TRUE(writer->stop(std::chrono::seconds(10)));
  const std::string before = run_tool({"-j", path, "--csv", "--columns", "run", "runs"}).out;
  EXPECT_EQ(before, "run\r\n1\r\n");
  EXPECT_EQ(run_tool({"runs", "--columns=run", "--csv", "-j", path}).out, before);
  variables["THROTTLE_JOURNAL"] = path;
  EXPECT_EQ(run_tool({"runs", "--columns=run", "--csv"}).out, before);
}

TEST_F(InspectCommandLine, FindsTheJournalOfTheConfigurationFile) {
  open();
  ASSERT_TRUE(writer->stop(std::chrono::seconds(10)));
  const std::string file = folder.file("throttle.toml");
  std::ofstream(file) << "[journal]\npath = \"journal.db\"\n";
  EXPECT_EQ(run_tool({"-c", file, "runs", "--csv", "--columns", "run"}).out, "run\r\n1\r\n");
}

TEST_F(InspectCommandLine, ExitsWithTwoForWhatIsWrong) {
  const auto error = [this](const std::vector<std::string>& words) {
    const Ran ran = run_tool(words);
    EXPECT_EQ(ran.exit, 2);
    EXPECT_EQ(ran.out, "");
    return ran.error;
  };
  EXPECT_EQ(error({}),
            "throttle-inspect: expected a command (throttle-inspect --help all shows what is "
            "possible)\n");
  EXPECT_THAT(error({"walk"}), HasSubstr("there is no command \"walk\""));
  EXPECT_THAT(error({"runs", "--strict"}), HasSubstr("throttle-inspect runs --help all"));
  EXPECT_THAT(error({"runs", "today"}), HasSubstr("unexpected argument \"today\""));
  EXPECT_THAT(error({"runs", "--json", "--csv"}), HasSubstr("exclude each other"));
  EXPECT_THAT(error({"runs", "--utc", "--utc"}), HasSubstr("--utc is given twice"));
  EXPECT_THAT(error({"runs", "--columns", "--utc"}), HasSubstr("expected a value"));
  EXPECT_THAT(error({"runs", "--color", "red"}), HasSubstr("expected auto, always or never"));
  EXPECT_THAT(error({"runs", "-c", folder.file("none.toml")}), HasSubstr("cannot be read"));
  EXPECT_THAT(error({"runs"}), HasSubstr("No journal is named. Use -j FILE"));
  EXPECT_THAT(error({"runs", "-j", path}), HasSubstr("does not exist"));
  std::ofstream(path) << "a letter to my aunt";
  EXPECT_THAT(error({"runs", "-j", path}), HasSubstr("is not a journal of Throttle"));
}

TEST_F(InspectCommandLine, HelpOfACommandBeginsWithTwoExamples) {
  for (const Command& command : commands()) {
    const Ran ran = run_tool({std::string(command.name), "--help"});
    EXPECT_EQ(ran.exit, 0);
    const std::string name = "  throttle-inspect " + std::string(command.name);
    EXPECT_THAT(ran.out, StartsWith("Examples:\n" + name)) << command.name;
    EXPECT_NE(ran.out.find('\n' + name, 12), std::string::npos) << command.name;
    const std::string itself = help_of(command, HelpExtent::kBrief);
    EXPECT_THAT(ran.out, StartsWith(itself));
    EXPECT_EQ(itself.find("--server"), std::string::npos) << "said once, for all commands";
  }
  EXPECT_THAT(run_tool({"--help"}).out, StartsWith("usage: throttle-inspect"));
  EXPECT_EQ(run_tool({"--version"}).out, "throttle-inspect 1.2.3\n");
}

TEST_F(InspectCommandLine, HelpFitsOneScreenAndAllOfItHasTheRest) {
  const std::string all = run_tool({"--help", "all"}).out;
  config::expect_brief(run_tool({"--help"}).out, all);
  config::expect_fits_terminal(all);
  EXPECT_THAT(all, HasSubstr("\n  sql \"SELECT …\"\n      The rows"));
  EXPECT_THAT(all, HasSubstr("--no-pager"));
  EXPECT_THAT(all, HasSubstr("Exit status"));
  for (const Command& command : commands()) {
    const std::string name(command.name);
    for (const HelpExtent extent : {HelpExtent::kBrief, HelpExtent::kAll})
      EXPECT_THAT(help(extent), HasSubstr("\n  " + name)) << name;
    const std::string of_command = run_tool({name, "--help", "all"}).out;
    config::expect_brief(run_tool({name, "-h"}).out, of_command);
    config::expect_fits_terminal(of_command);
    EXPECT_THAT(of_command, HasSubstr("--server"));
  }
}

TEST_F(InspectCommandLine, ReadsServers) {
  const auto read = [](std::string_view text) {
    const auto place = parse_server(text);
    return place ? place->to_string() : place.error().message;
  };
  EXPECT_EQ(read("http://10.0.0.1:81/"), "10.0.0.1:81");
  EXPECT_EQ(read("http://[::1]:81"), "[::1]:81");
  EXPECT_EQ(read("localhost"), "localhost:8000");
  EXPECT_THAT(read("https://localhost"), HasSubstr("speaks no TLS"));
  EXPECT_THAT(read("http://localhost/x/y"), HasSubstr("is no server"));
}

}  // namespace
}  // namespace throttle::inspect
