// The command line of throttle-server, argument by argument.
#include "libthrottle/config/server_command.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "tests/config/command_line_checks.h"

namespace throttle::config {
namespace {

struct Runs {
  Arguments arguments;
  ServerOptions options;
};

TEST(ServerCommand, RunsWithWhatTheArgumentsSay) {
  const Runs rows[] = {
      {{}, {}},
      {{"--address", "0.0.0.0"}, {.address = "0.0.0.0"}},
      {{"--address=example.org"}, {.address = "example.org"}},
      {{"--address", "[::1]"}, {.address = "::1"}},
      {{"--address", "::1"}, {.address = "::1"}},
      {{"--port", "8001"}, {.port = 8001}},
      {{"--port=8001"}, {.port = 8001}},
      {{"--port", "0"}, {.port = 0}},
      {{"--port", "65535"}, {.port = 65535}},
      {{"-c", "my file.toml"}, {.configuration = "my file.toml"}},
      {{"-cfile"}, {.configuration = "file"}},
      {{"--configuration", "file"}, {.configuration = "file"}},
      {{"--configuration=file"}, {.configuration = "file"}},
      {{"--log-format", "json"}, {.log_format = LineFormat::kJson}},
      {{"--log-format=text"}, {.log_format = LineFormat::kText}},
      {{"--port", "8015", "-c", "file"}, {.configuration = "file", .port = 8015}},
      {{"-c", "file", "--address", "localhost", "--port", "80", "--log-format", "json"},
       {"file", "localhost", 80, LineFormat::kJson}},
  };
  for (const Runs& row : rows) {
    const auto command = parse_server_command(row.arguments);
    ASSERT_TRUE(command.has_value()) << joined(row.arguments) << command.error().message;
    const config::Run* const run = std::get_if<config::Run>(&*command);
    ASSERT_NE(run, nullptr) << joined(row.arguments);
    EXPECT_EQ(run->options, row.options) << joined(row.arguments);
  }
}

TEST(ServerCommand, ChecksTheConfigurationThatIsNamed) {
  const auto command = parse_server_command(Arguments{"--check", "-c", "file"});
  ASSERT_TRUE(command.has_value());
  ASSERT_TRUE(std::holds_alternative<Check>(*command));
  EXPECT_EQ(std::get<Check>(*command).options.configuration, "file");
}

TEST(ServerCommand, ShowsHelpAndVersionBeforeAllElse) {
  for (const Arguments& arguments :
       {Arguments{"--help"}, Arguments{"-h"}, Arguments{"--port", "80", "-h", "--check"},
        Arguments{"-Vh"}}) {
    const auto command = parse_server_command(arguments);
    ASSERT_TRUE(command.has_value()) << joined(arguments);
    EXPECT_TRUE(std::holds_alternative<ShowHelp>(*command)) << joined(arguments);
  }
  for (const Arguments& arguments :
       {Arguments{"--version"}, Arguments{"-V"}, Arguments{"--check", "-V"}}) {
    const auto command = parse_server_command(arguments);
    ASSERT_TRUE(command.has_value()) << joined(arguments);
    EXPECT_TRUE(std::holds_alternative<ShowVersion>(*command)) << joined(arguments);
  }
}

TEST(ServerCommand, NamesTheArgumentThatIsWrong) {
  const Refuses rows[] = {
      {{"--prot", "80"}, "unrecognised option '--prot'; did you mean --port?"},
      {{"--conf", "file"}, "unrecognised option '--conf'"},
      {{"-x"}, "unrecognised option '-x'"},
      {{"--check", "file"}, R"(unexpected argument "file")"},
      {{"--", "-x"}, R"(unexpected argument "-x")"},
      {{"--help=yes"}, "option '--help' does not take any arguments"},
      {{"--help", "some"}, "unexpected argument \"some\""},
      {{"all", "--help"}, "unexpected argument \"all\""},
      {{"--port"}, "the required argument for option '--port' is missing"},
      {{"-c"}, "the required argument for option '--configuration' is missing"},
      {{"--port="},
       "the argument for option '--port' should follow immediately after the equal "
       "sign"},
      {{"--port", "80", "--port", "81"}, "--port is given twice"},
      {{"-c", "a", "--configuration", "b"}, "--configuration is given twice"},
      {{"--port", "http"}, R"(--port: expected a number from 0 to 65535, got "http")"},
      {{"--port", "65536"}, R"(--port: expected a number from 0 to 65535, got "65536")"},
      {{"--port", "80 "}, R"(--port: expected a number from 0 to 65535, got "80 ")"},
      {{"--port=-1"}, R"(--port: expected a number from 0 to 65535, got "-1")"},
      {{"--port", ""}, R"(--port: expected a number from 0 to 65535, got "")"},
      {{"--address", "--port"}, R"(--address: expected a value, got "--port")"},
      {{"-c", "--check"}, R"(--configuration: expected a value, got "--check")"},
      {{"-c", ""}, "--configuration: expected the path of a file, got nothing"},
      {{"--address", "a b"},
       R"(--address: "a b" is not a host: expected a name, an IPv4 address )"
       "or an IPv6 address in brackets"},
      {{"--log-format", "xml"}, R"(--log-format: expected "text" or "json", got "xml")"},
  };
  for (const Refuses& row : rows) {
    expect_refused(parse_server_command(row.arguments), row);
  }
}

TEST(ServerHelp, NamesEveryOptionAndWhatElseDecides) {
  const std::string help = server_help(HelpExtent::kAll);
  for (const std::string_view part :
       {"--address HOST ", "[127.0.0.1]", "--port PORT ", "[8000]", "-c [ --configuration ] FILE ",
        "[throttle.toml]", "--log-format FORMAT ", "--check ", "-h [ --help ] ",
        "-V [ --version ] ", "THROTTLE_LOG ", "SIGINT, SIGTERM", "SIGHUP ", "Exit codes"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(help.back(), '\n');
}

TEST(ServerHelp, FitsATerminal) {
  expect_fits_terminal(server_help(HelpExtent::kAll));
  expect_brief(server_help(HelpExtent::kBrief), server_help(HelpExtent::kAll));
}

TEST(ServerHelp, IsAllOfItWhereTheWordFollows) {
  const auto extent_of = [](const Arguments& arguments) {
    const auto command = parse_server_command(arguments);
    const auto* const help = command ? std::get_if<ShowHelp>(&*command) : nullptr;
    if (help == nullptr) ADD_FAILURE() << joined(arguments);
    return help == nullptr ? HelpExtent::kBrief : help->extent;
  };
  EXPECT_EQ(extent_of({"--help"}), HelpExtent::kBrief);
  EXPECT_EQ(extent_of({"-h"}), HelpExtent::kBrief);
  EXPECT_EQ(extent_of({"--help", "all"}), HelpExtent::kAll);
  EXPECT_EQ(extent_of({"-h", "all", "--check"}), HelpExtent::kAll);
  EXPECT_EQ(extent_of({"-c", "file", "--help", "all"}), HelpExtent::kAll);
}

// A file for each test, where it runs; gone after it.
class ServerOptionsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path) << "[http]\nlisten = \"example.org:80\"\n"
                           "[logging.stderr]\nlevel = \"info\"\nformat = \"json\"\n";
  }
  void TearDown() override { std::filesystem::remove(path); }

  std::string path = std::string("ServerOptionsTest.") +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ServerOptionsTest, LeaveTheFileItsSayWhereTheyHaveNone) {
  const auto loaded = load_settings({.configuration = path});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->settings.http.listen, (HostPort{"example.org", 80}));
  EXPECT_EQ(loaded->settings.logging.terminal,
            (telemetry::TerminalSettings{telemetry::Level::kInfo, LineFormat::kJson}));
}

TEST_F(ServerOptionsTest, WinOverTheFile) {
  const auto loaded = load_settings({path, "::1", 0, LineFormat::kText});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->settings.http.listen, (HostPort{"::1", 0}));
  EXPECT_EQ(loaded->settings.logging.terminal,
            (telemetry::TerminalSettings{telemetry::Level::kInfo, LineFormat::kText}));
}

TEST_F(ServerOptionsTest, DoNotListenWhereAProxyOfTheFileListens) {
  std::ofstream(path) << "[proxy.P]\nlisten = 8000\nupstream = 'a:1'\n";
  const auto loaded = load_settings({.configuration = path});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(loaded.error().message,
            path +
                ": the proxy \"P\" already listens on port 8000 on all addresses, which is "
                "the address of the server; choose another one with http.listen, or --address "
                "and --port");
  EXPECT_TRUE(load_settings({.configuration = path, .port = 8001}).has_value());
}

TEST_F(ServerOptionsTest, WinOverTheDefaultsWithoutAFile) {
  const auto loaded = load_settings({.configuration = path + ".missing", .port = 8001});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->file, FileState::kMissing);
  EXPECT_EQ(loaded->settings.http.listen, (HostPort{"127.0.0.1", 8001}));
}

}  // namespace
}  // namespace throttle::config
