// The command line of throttle-proxy, argument by argument.
#include "libthrottle/config/proxy_command.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/config/proxy_keys.h"
#include "tests/config/command_line_checks.h"

using namespace std::chrono_literals;

namespace throttle::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ProxyOptions options_of(const Arguments& arguments) {
  const auto command = parse_proxy_command(arguments);
  EXPECT_TRUE(command.has_value()) << joined(arguments) << command.error().message;
  const RunProxy* const run = command ? std::get_if<RunProxy>(&*command) : nullptr;
  EXPECT_NE(run, nullptr) << joined(arguments);
  return run != nullptr ? run->options : ProxyOptions();
}

// With what has to be there.
proxy::Settings proxy_of(Arguments arguments) {
  arguments.insert(arguments.begin(), {"-l", "9000", "-p", "8100"});
  return options_of(arguments).proxy;
}

proxy::Settings plain() {
  proxy::Settings proxy;
  proxy.name = "proxy";
  proxy.listen = {{"", 9000}};
  proxy.upstream = {"localhost", 8100};
  return proxy;
}

TEST(ProxyCommand, TakesSeveralPlacesToListen) {
  const auto options = options_of({"-l", "9000", "--listen", "[::1]:9001", "-p", "8100"});
  EXPECT_EQ(options.proxy.listen, (std::vector<HostPort>{{"", 9000}, {"::1", 9001}}));
  ProxyOptions twice = options;
  twice.proxy.listen.push_back({"localhost", 9000});
  const auto loaded = load_settings(twice);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "--listen: it already listens on port 9000 on all addresses");
}

TEST(ProxyCommand, TakesTheLettersOfTcplock) {
  proxy::Settings expected = plain();
  EXPECT_EQ(proxy_of({}), expected);
  expected.listen = {{"::1", 9000}};
  expected.upstream.host = "example.org";
  expected.max_connections = 3;
  expected.time_to_live = 20s;
  EXPECT_EQ(
      options_of({"-l", "[::1]:9000", "-p", "8100", "-h", "example.org", "-n", "3", "-t", "20000"}),
      ProxyOptions{.proxy = expected});
  EXPECT_EQ(options_of({"--listen=[::1]:9000", "--upstream-port=8100",
                        "--upstream-host=example.org", "--max-connections=3", "--timeout=20s"}),
            ProxyOptions{.proxy = expected});
}

proxy::Settings with_every_setting() {
  proxy::Settings expected = plain();
  expected.name = "office";
  expected.upstream_check = proxy::UpstreamCheck::kNone;
  expected.queue_order = QueueOrder::kFair;
  expected.max_queue = 5;
  expected.extra_per_client = 2;
  expected.queue_timeout = 1s;
  expected.activate_on = gate::ActivateOn::kFirstByte;
  expected.first_byte_timeout = 15s;
  expected.half_closed = gate::HalfClosed::kHasLeft;
  expected.waiting_bytes = 1;
  expected.time_to_live = 2s;
  expected.idle_timeout = 3s;
  expected.idle_timeout_when_queued = 16s;
  expected.max_rate = {5, 10s};
  expected.reject_text = "\"no\"\r\n";
  expected.close_timeout = 11s;
  expected.vanish_timeout = 14s;
  expected.connect_timeout = 4s;
  expected.drain_timeout = 0s;
  expected.hooks = {"b x", "o", "r", "x", 7s, 8, true, 12s, 9s, 13s};
  expected.client_limits = {1,
                            24,
                            48,
                            {{*IpNetwork::parse("10.0.0.0/8"), 5},
                             {*IpNetwork::parse("::1"), ConnectionLimiter::kUnlimited}}};
  expected.rejection = gate::Rejection::kReset;
  expected.send_proxy = proxy::SendProxy::kV1;
  expected.accept_proxy = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("::1")};
  expected.proxy_header_timeout = 10s;
  return expected;
}

TEST(ProxyCommand, TakesTheServiceInOneAsTheFileDoes) {
  const auto options = options_of({"-l", "9000", "--upstream", "db.example:5432"});
  EXPECT_EQ(options.proxy.upstream, (HostPort{"db.example", 5432}));
  for (const Arguments& further : {Arguments{"-p", "1"}, Arguments{"-h", "a"}}) {
    Arguments arguments{"-l", "9000", "--upstream", "a:1"};
    arguments.insert(arguments.end(), further.begin(), further.end());
    expect_refused(parse_proxy_command(arguments),
                   {arguments, "--upstream has the host and the port; leave out the other one"});
  }
}

TEST(ProxyCommand, WarnsOfDurationsThatAreProbablyNotMeant) {
  const auto warnings = [](const char* timeout) {
    return options_of({"-l", "9000", "-p", "8100", "-t", timeout}).warnings;
  };
  EXPECT_THAT(warnings("20"),
              ElementsAre("--timeout: 20 is 20 milliseconds; write 20s for seconds"));
  EXPECT_THAT(warnings("5M"), ElementsAre("--timeout: 5M is 5 months; write 5m for minutes"));
  for (const char* const meant : {"20000", "20s", "5m", "250ms", "1month"})
    EXPECT_THAT(warnings(meant), IsEmpty()) << meant;
  const auto loaded = load_settings(options_of({"-l", "9000", "-p", "8100", "-t", "20"}));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, testing::Contains(HasSubstr("20 milliseconds")));
}

TEST(ProxyCommand, SaysWhatToWriteInsteadOfWhatIsNoPlace) {
  struct Row {
    Arguments arguments;
    std::string_view advice;
  };
  const Row rows[] = {
      {{"-l", "9000/tcp"}, R"(. Leave out "/tcp")"},
      {{"-l", "9000-9009"}, ". A listener has one port; configure a proxy for each"},
      {{"-l", "/run/x.sock"}, ". Did you mean \"unix:/run/x.sock\"?"},
      {{"--upstream", "./x.sock"}, ". Write a Unix socket with its whole path"},
      {{"-h", "/run/x.sock"}, ". For a Unix socket write --upstream unix:/run/x.sock, without -p"},
      {{"--status", "unix:/run/x.sock"}, ". Unix sockets are not possible here; write a TCP port"},
      {{"-l", "tcp://0.0.0.0:9000"}, R"(. Leave out "tcp://")"},
      {{"--upstream", "tcp://a:1"}, R"(. Leave out "tcp://")"},
      {{"-h", "localhost:8100"}, "with -p 8100, or write --upstream localhost:8100"},
      {{"-h", "b\u00FCro"}, "punycode (xn--...)"},
      {{"--before-activate", ""}, "--before-activate: expected a command, got nothing"},
      {{"--lisen", "1"}, "did you mean --listen?"}};
  for (const Row& row : rows) {
    const auto command = parse_proxy_command(row.arguments);
    ASSERT_FALSE(command) << joined(row.arguments);
    EXPECT_THAT(command.error().message, HasSubstr(row.advice)) << joined(row.arguments);
  }
}

TEST(ProxyCommand, TakesEverySettingOfAProxy) {
  EXPECT_EQ(proxy_of({"--name",
                      "office",
                      "--queue-order",
                      "fair",
                      "--max-queue",
                      "5",
                      "--queue-timeout=1s",
                      "--extra-per-client=2",
                      "--upstream-check=none",
                      "--activate-on=first-byte",
                      "--first-byte-timeout=15s",
                      "--abort-on-close",
                      "--waiting-bytes=1",
                      "--timeout=2000",
                      "--idle-timeout=3s",
                      "--idle-timeout-when-queued=16s",
                      "--max-rate=5/10s",
                      "--reject-text",
                      R"("no"\r\n)",
                      "--close-timeout=11s",
                      "--vanish-timeout=14s",
                      "--connect-timeout=4s",
                      "--drain-timeout=0",
                      "--before-activate=b x",
                      "--on-timeout=o",
                      "--recycle=r",
                      "--hook-timeout=7s",
                      "--recycle-every=8",
                      "--recycle-after-timeout",
                      "--recycle-drain-timeout=12s",
                      "--ready=x",
                      "--ready-timeout=9s",
                      "--ready-stay=13s",
                      "--max-per-client=1",
                      "--ipv4-prefix=24",
                      "--ipv6-prefix=48",
                      "--client-limit=10.0.0.0/8=5",
                      "--client-limit=::1=none",
                      "--reject=reset",
                      "--send-proxy=v1",
                      "--accept-proxy=10.0.0.0/8",
                      "--accept-proxy=::1",
                      "--proxy-header-timeout=10s"}),
            with_every_setting());
}

TEST(ProxyCommand, HasAnOptionForEveryKeyByItsName) {
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    for (const ProxyKey& key : group.keys) {
      if (key.name == "upstream" || key.name == "semaphore") continue;
      std::string name(key.name == "client_limits" ? "client_limit" : key.name);
      std::ranges::replace(name, '_', '-');
      EXPECT_EQ(key.option.substr(0, key.option.find(',')), name);
    }
  }
}

TEST(ProxyCommand, TakesAFileAndWhatIsAboutTheProgram) {
  EXPECT_EQ(options_of({"-c", "file", "--status", "127.0.0.1:8500", "--log-format", "json"}),
            (ProxyOptions{.configuration = "file",
                          .proxy = options_of({"-c", "file"}).proxy,
                          .status = HostPort{"127.0.0.1", 8500},
                          .log_format = LineFormat::kJson}));
  EXPECT_EQ(options_of({"-l1", "-p2", "--status", "8500"}).status, (HostPort{"", 8500}));
}

TEST(ProxyCommand, ChecksShowsHelpAndItsVersion) {
  const auto is = [](const Arguments& arguments, std::size_t index) {
    const auto command = parse_proxy_command(arguments);
    EXPECT_TRUE(command.has_value()) << joined(arguments);
    EXPECT_EQ(command->index(), index) << joined(arguments);
  };
  is({"--check", "-c", "file"}, 1);
  is({"--check", "-l1", "-p2"}, 1);
  is({"--help"}, 2);
  is({"--help", "--check", "-n", "2"}, 2);
  is({"--help", "all"}, 2);
  is({"-h", "all", "-l1", "-p2"}, 0);
  is({"--version"}, 3);
  is({"-V"}, 3);
}

TEST(ProxyCommand, NamesTheArgumentThatIsWrong) {
  const Refuses rows[] = {
      {{}, "--listen (-l) is missing: where clients connect"},
      {{"-l", "1"}, "--upstream-port (-p) is missing: where the service is"},
      {{"-h"}, "the required argument for option '--upstream-host' is missing"},
      {{"--queue", "1"}, "unrecognised option '--queue'; did you mean --queue-order?"},
      {{"-l", "1", "-p", "2", "3"}, "unexpected argument \"3\""},
      {{"-n", "1", "-n", "2"}, "--max-connections is given twice"},
      {{"-l", ":"}, "--listen: expected a number from 0 to 65535, got \"\""},
      {{"-l", "65536"}, "--listen: expected a number from 0 to 65535, got \"65536\""},
      {{"-l", "localhost"},
       "--listen: \"localhost\" is not HOST:PORT: the port is missing, as in localhost:8000"},
      {{"-l", "::1:80"},
       "--listen: \"::1:80\" is not HOST:PORT: an IPv6 address needs brackets, as in "
       "[::1]:8000"},
      {{"-p", "0"}, "--upstream-port: expected a number from 1 to 65535, got \"0\""},
      {{"-h", "a b"},
       "--upstream-host: \"a b\" is not a host: expected a name, an IPv4 address or an IPv6 "
       "address in brackets"},
      {{"-n", "-1"}, "--max-connections: expected a value, got \"-1\""},
      {{"-n", "two"}, "--max-connections: expected an integer from 0 on, got \"two\""},
      {{"-n", "2x"}, "--max-connections: expected an integer from 0 on, got \"2x\""},
      {{"-t", "0"},
       "--timeout: expected a duration above zero such as \"20s\", or milliseconds, got \"0\""},
      {{"--status", "http"},
       "--status: \"http\" is not HOST:PORT: the port is missing, as in localhost:8000"},
      {{"--name", ""}, "--name: expected a name that a URL can carry, got \"\""},
      {{"--abort-on-close=1"}, "option '--abort-on-close' does not take any arguments"},
      {{"--accept-proxy", "10.1.2.3/8"},
       "--accept-proxy: \"10.1.2.3/8\" has bits set beyond its prefix; the network is 10.0.0.0/8"},
      {{"--client-limit", "10.0.0.0/8"},
       "--client-limit: expected NETWORK=N or NETWORK=none, got \"10.0.0.0/8\""},
      {{"--client-limit", "::1=x"},
       "--client-limit: expected an integer from 0 on or \"none\", got \"x\""},
      {{"-l1", "-p2", "--recycle-every", "5"}, "--recycle-every has no effect without --recycle"},
      {{"-l1", "-p2", "--recycle", "r"},
       "--recycle has no effect without --recycle-every or --recycle-after-timeout"},
      {{"-l1", "-p2", "--on-timeout", "o"}, "--on-timeout has no effect without --timeout"},
      {{"-c", "file", "-n", "1"},
       "--max-connections cannot be combined with --configuration: set it in the file"},
      {{"-c", "file", "--name", "a"},
       "--name cannot be combined with --configuration: set it in the file"},
      {{"-c", ""}, "--configuration: expected the path of a file, got nothing"},
  };
  for (const Refuses& row : rows) {
    expect_refused(parse_proxy_command(row.arguments), row);
  }
}

TEST(ProxyHelp, NamesEveryOptionAndWhatElseDecides) {
  const std::string help = proxy_help(HelpExtent::kAll);
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    EXPECT_THAT(help, HasSubstr(std::string(group.heading) + ":\n"));
    for (const ProxyKey& key : group.keys) {
      if (key.option.empty()) continue;
      EXPECT_THAT(help, HasSubstr("--" + std::string(key.option.substr(0, key.option.find(',')))));
    }
  }
  for (const std::string_view part :
       {"-l [ --listen ] [ADDRESS:]PORT ", "-p [ --upstream-port ] PORT ",
        "-h [ --upstream-host ] HOST ", "-n [ --max-connections ] N ", "-t [ --timeout ] TIME ",
        "-c [ --configuration ] FILE ", "--status ", "--name NAME ", "--log-format ", "--check ",
        "--help ", "-V [ --version ] ", "[fifo]", "[10000]", "THROTTLE_LOG ", "THROTTLE_TIMED_OUT",
        "SIGHUP ", "Exit codes"}) {
    EXPECT_THAT(help, HasSubstr(std::string(part)));
  }
  EXPECT_EQ(help.back(), '\n');
}

TEST(ProxyHelp, FitsATerminal) {
  expect_fits_terminal(proxy_help(HelpExtent::kAll));
  expect_brief(proxy_help(HelpExtent::kBrief), proxy_help(HelpExtent::kAll));
}

TEST(ProxyOptions, AreAllThereIsWithoutAFile) {
  const auto loaded =
      load_settings(options_of({"-l1", "-p2", "--status", "3", "--log-format", "json"}));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  ServerSettings expected;
  expected.proxies = {options_of({"-l1", "-p2"}).proxy};
  expected.status = HostPort{"", 3};
  expected.logging.terminal = {telemetry::Level::kInfo, LineFormat::kJson};
  EXPECT_EQ(loaded->settings, expected);
  EXPECT_EQ(loaded->file, FileState::kRead);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(ProxyOptions, DoNotShowTheStatusWhereTheProxyListens) {
  const auto loaded = load_settings(options_of({"-l1", "-p2", "--status", "127.0.0.1:1"}));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(loaded.error().message,
            "--status: the proxy \"proxy\" already listens on port 1 on all addresses");
}

// A file for each test, where it runs; gone after it.
class ProxyOptionsTest : public testing::Test {
 protected:
  void write(std::string_view text) const { std::ofstream(path) << text; }
  void TearDown() override { std::filesystem::remove(path); }

  std::string path = std::string("ProxyOptionsTest.") +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ProxyOptionsTest, RunTheProxiesOfTheFile) {
  write(
      "[semaphores]\nS = 2\n[proxy.P]\nlisten = 1\nupstream = 'a:1'\nsemaphore = 'S'\n"
      "[proxy_status]\nlisten = 2\n");
  const auto loaded = load_settings(options_of({"-c", path.c_str()}));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  ASSERT_EQ(loaded->settings.proxies.size(), 1u);
  EXPECT_EQ(loaded->settings.proxies.front().name, "P");
  EXPECT_EQ(loaded->settings.status, (HostPort{"", 2}));
  EXPECT_THAT(semaphores_in_force(loaded->settings), ElementsAre(SemaphoreSettings{"S", 2}));
  EXPECT_EQ(load_settings(options_of({"-c", path.c_str(), "--status", "3"}))->settings.status,
            (HostPort{"", 3}));
}

TEST_F(ProxyOptionsTest, NeedAFileWithAProxy) {
  const ProxyOptions options = options_of({"-c", path.c_str()});
  const auto missing = load_settings(options);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message, path + ": no such file");
  write("[semaphores]\nS = 2\n");
  const auto without = load_settings(options);
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(without.error().message,
            path + ": no proxy is configured; add a table such as [proxy.office]");
}

TEST(ProxyCommand, RefusesToBeItsOwnService) {
  ProxyOptions options;
  options.proxy = {.name = "proxy", .listen = {{"", 9000}}, .upstream = {"localhost", 9000}};
  const auto loaded = load_settings(options);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message,
            "the service is the proxy itself: the connections would come back: "
            "\"proxy\" to \"proxy\"");
}

}  // namespace
}  // namespace throttle::config
