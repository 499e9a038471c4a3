// The tables of proxies in the configuration file: every key, and every mistake with its exact
// words.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/config/proxy_keys.h"
#include "libthrottle/config/settings_file.h"
#include "tests/config/mistake.h"

using namespace std::chrono_literals;

namespace throttle::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The beginning of a table that needs no more; what is tested begins in line 4.
constexpr std::string_view kProxy = "[proxy.P]\nlisten = 9000\nupstream = 'a:1'\n";

LoadedSettings loaded_of(const std::string& text) {
  auto loaded = parse_settings(text, "t.toml");
  EXPECT_TRUE(loaded.has_value()) << text << '\n' << (loaded ? "" : loaded.error().message);
  return loaded ? *loaded : LoadedSettings();
}

proxy::Settings plain() {
  proxy::Settings proxy;
  proxy.name = "P";
  proxy.listen = {{"", 9000}};
  proxy.upstream = {"a", 1};
  return proxy;
}

proxy::Settings proxy_with(std::string_view line) {
  const auto settings = loaded_of(std::string(kProxy) + std::string(line)).settings;
  EXPECT_EQ(settings.proxies.size(), 1u) << line;
  return settings.proxies.empty() ? proxy::Settings() : settings.proxies.front();
}

TEST(ProxyTables, NeedOnlyWhereToListenAndWhereToConnect) {
  const auto loaded = loaded_of(std::string(kProxy));
  EXPECT_THAT(loaded.settings.proxies, ElementsAre(plain()));
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.settings.status, std::nullopt);
}

TEST(ProxyTables, TakeAddressesWithAndWithoutAHost) {
  const std::pair<std::string_view, HostPort> rows[] = {{"9000", {"", 9000}},
                                                        {"'9000'", {"", 9000}},
                                                        {"':9000'", {"", 9000}},
                                                        {"0", {"", 0}},
                                                        {"'127.0.0.1:9000'", {"127.0.0.1", 9000}},
                                                        {"'[::1]:80'", {"::1", 80}},
                                                        {"'example.org:0'", {"example.org", 0}}};
  for (const auto& [text, expected] : rows) {
    const std::string listen = "listen = " + std::string(text);
    const auto settings = loaded_of("[proxy.P]\nupstream='[::1]:65535'\n" + listen).settings;
    ASSERT_EQ(settings.proxies.size(), 1u);
    EXPECT_THAT(settings.proxies.front().listen, ElementsAre(expected));
    EXPECT_EQ(settings.proxies.front().upstream, (HostPort{"::1", 65535}));
    EXPECT_EQ(loaded_of("[proxy_status]\n" + listen).settings.status, expected);
  }
}

TEST(ProxyTables, TakeDurationsAndMilliseconds) {
  EXPECT_EQ(proxy_with("timeout = 20000").time_to_live, 20s);
  EXPECT_EQ(proxy_with("timeout = '20000'").time_to_live, 20s);
  EXPECT_EQ(proxy_with("timeout = '1h 30m'").time_to_live, 90min);
  EXPECT_EQ(proxy_with("timeout = '300 years'").time_to_live, kForever);
  EXPECT_EQ(proxy_with("drain_timeout = 0").drain_timeout, 0s);
}

TEST(ProxyTables, ReadEveryKey) {
  proxy::Settings expected = plain();
  expected.max_connections = 0;
  expected.queue_order = QueueOrder::kFair;
  expected.max_queue = 0;
  expected.extra_per_client = 2;
  expected.queue_timeout = 1s;
  expected.activate_on = gate::ActivateOn::kFirstByte;
  expected.first_byte_timeout = 15s;
  expected.half_closed = gate::HalfClosed::kHasLeft;
  expected.waiting_bytes = 0;
  expected.time_to_live = 2s;
  expected.idle_timeout = 3s;
  expected.idle_timeout_when_queued = 16s;
  expected.max_rate = {5, 1min};
  expected.reject_text = "no\r\n";
  expected.close_timeout = 11s;
  expected.vanish_timeout = 14s;
  expected.connect_timeout = 4s;
  expected.drain_timeout = 6s;
  expected.hooks = {"b", "o", "r", "x", 7s, 8, true, 12s, 9s, 13s};
  expected.client_limits = {1,
                            24,
                            48,
                            {{*IpNetwork::parse("10.0.0.0/8"), 5},
                             {*IpNetwork::parse("::1"), ConnectionLimiter::kUnlimited}}};
  expected.rejection = gate::Rejection::kHttp;
  expected.send_proxy = proxy::SendProxy::kV2;
  expected.accept_proxy = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("::1")};
  expected.proxy_header_timeout = 10s;
  EXPECT_EQ(proxy_with(R"(
max_connections = 0
queue_order = "fair"
max_queue = 0
extra_per_client = 2
queue_timeout = "1s"
activate_on = "first-byte"
first_byte_timeout = "15s"
abort_on_close = true
waiting_bytes = 0
timeout = "2s"
idle_timeout = "3s"
idle_timeout_when_queued = "16s"
max_rate = "5/min"
reject_text = "no\r\n"
close_timeout = "11s"
vanish_timeout = "14s"
connect_timeout = "4s"
drain_timeout = "6s"
before_activate = "b"
on_timeout = "o"
recycle = "r"
hook_timeout = "7s"
recycle_every = 8
recycle_after_timeout = true
recycle_drain_timeout = "12s"
ready = "x"
ready_timeout = "9s"
ready_stay = "13s"
max_per_client = 1
ipv4_prefix = 24
ipv6_prefix = 48
client_limits = { "10.0.0.0/8" = 5, "::1" = "none" }
reject = "http"
send_proxy = "v2"
accept_proxy = ["10.0.0.0/8", "::1"]
proxy_header_timeout = "10s")"),
            expected);
}

TEST(ProxyTables, ReadWhetherTheUpstreamIsChecked) {
  EXPECT_EQ(proxy_with("").upstream_check, proxy::UpstreamCheck::kStart);
  EXPECT_EQ(proxy_with("upstream_check = 'none'").upstream_check, proxy::UpstreamCheck::kNone);
  EXPECT_EQ(proxy_with("upstream_check = 'start'").upstream_check, proxy::UpstreamCheck::kStart);
}

TEST(ProxyTables, ShowDefaultsInHelpThatAreDefaults) {
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    for (const ProxyKey& key : group.keys) {
      if (key.fallback.empty()) continue;
      proxy::Settings settings;
      EXPECT_TRUE(key.set(key.fallback, settings).has_value()) << key.name;
      EXPECT_EQ(settings, proxy::Settings()) << key.name;
    }
  }
}

TEST(ProxyTables, ShareASemaphoreOrBringTheirOwn) {
  const auto settings = loaded_of("[semaphores]\nS = 2\n" + std::string(kProxy) +
                                  "semaphore = 'S'\n[proxy.Q]\nlisten=1\nupstream='a:1'\n"
                                  "[proxy.S]\nlisten=2\nupstream='a:1'\nsemaphore='S'")
                            .settings;
  ASSERT_EQ(settings.proxies.size(), 3u);
  EXPECT_EQ(settings.proxies[0].semaphore_name(), "S");
  EXPECT_EQ(settings.proxies[1].semaphore_name(), "Q");
  EXPECT_EQ(settings.proxies[2].semaphore_name(), "S");
}

TEST(ProxyTables, ListenInSeveralPlaces) {
  const auto settings =
      loaded_of(
          "[proxy.A]\nlisten='127.0.0.1:1'\nupstream='a:1'\n[proxy.B]\nlisten='127.0.0.2:1'\n"
          "upstream='a:1'\n[proxy.C]\nlisten=0\nupstream='a:1'\n[proxy.D]\nlisten=0\n"
          "upstream='a:1'")
          .settings;
  EXPECT_EQ(settings.proxies.size(), 4u);
}

TEST(ProxyTables, WarnOfAWayOverTwoProxiesOfOneSemaphore) {
  const auto loaded = loaded_of(
      "[semaphores]\nS=1\n[proxy.A]\nlisten=1\nupstream='localhost:2'\nsemaphore='S'\n"
      "[proxy.B]\nlisten=2\nupstream='a:1'\nsemaphore='S'");
  EXPECT_THAT(loaded.warnings,
              ElementsAre("t.toml:9:10: proxy.B.upstream: its connections take two places of the "
                          "semaphore \"S\": \"A\" to \"B\"; with a semaphore each, none waits for "
                          "itself"));
}

TEST(ProxyTables, WarnOfKeysOfTheStatusThatTheyDoNotKnow) {
  const auto loaded = loaded_of(std::string(kProxy) + "[proxy_status]\nlisten = 1\nport = 2");
  EXPECT_THAT(loaded.warnings, ElementsAre("t.toml:6:1: proxy_status.port: unknown key"));
}

TEST(ProxyTables, TakeSeveralPlacesToListen) {
  const auto settings =
      loaded_of("[proxy.P]\nupstream = 'a:1'\nlisten = [9000, '127.0.0.1:1', ':2']").settings;
  ASSERT_EQ(settings.proxies.size(), 1u);
  EXPECT_THAT(settings.proxies.front().listen,
              ElementsAre(HostPort{"", 9000}, HostPort{"127.0.0.1", 1}, HostPort{"", 2}));
}

// `row.text` is in line 4, and so does the mistake.
void expect_message_of_line(const Mistake& row) {
  expect_message({std::string(kProxy) + row.text, "4:" + std::string(row.message)});
}

TEST(ProxyTables, RefuseKeysThatTheyDoNotKnow) {
  expect_message_of_line({"max_conections = 1",
                          "1: proxy.P.max_conections: unknown key; did you mean max_connections?"});
}

TEST(ProxyTables, SayWhatIsMissingOrIsNoTable) {
  const Mistake rows[] = {
      {"proxy = 1", "1:9: proxy: expected a table, got the integer 1"},
      {"[proxy]\nlisten = 1",
       "2:10: proxy.listen: expected a table with the settings of a proxy, [proxy.NAME], got the "
       "integer 1"},
      {"[proxy.P]",
       "1:1: proxy.P.listen: missing; expected a port or an address such as \"127.0.0.1:9000\", or "
       "an "
       "array of these\n"
       "t.toml:1:1: proxy.P.upstream: missing; expected an address such as \"localhost:8100\""},
      {"[proxy.'']\nlisten = 1\nupstream = 'a:1'",
       "1:1: proxy.\"\": expected a name, got an empty one"},
      {"[proxy_status]",
       "1:1: proxy_status.listen: missing; expected a port or an address such as "
       "\"127.0.0.1:9000\""},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(ProxyTables, SayWhatIsWrongWithAnAddress) {
  const Mistake rows[] = {
      {"[proxy.P]\nupstream = 'a:1'\nlisten = 65536",
       "3:10: proxy.P.listen: expected a port or an address such as \"127.0.0.1:9000\", or an "
       "array "
       "of these, got the integer 65536"},
      {"[proxy.P]\nupstream = 'a:1'\nlisten = []",
       "3:10: proxy.P.listen: expected a port or an address such as \"127.0.0.1:9000\", or an "
       "array "
       "of these, got an array"},
      {"[proxy.P]\nupstream = 'a:1'\nlisten = [1, true]",
       "3:14: proxy.P.listen: expected a port or an address such as \"127.0.0.1:9000\", or an "
       "array "
       "of these, got a boolean"},
      {"[proxy.P]\nupstream = 'a:1'\nlisten = [1, '65536']",
       "3:14: proxy.P.listen: expected a number from 0 to 65535, got \"65536\""},
      {"[proxy.P]\nupstream = 'a:1'\nlisten = '65536'",
       "3:10: proxy.P.listen: expected a number from 0 to 65535, got \"65536\""},
      {"[proxy.P]\nupstream = 'a:1'\nlisten = 'localhost'",
       "3:10: proxy.P.listen: \"localhost\" is not HOST:PORT: the port is missing, as in "
       "localhost:8000"},
      {"[proxy.P]\nupstream = 'a:0'\nlisten = 1",
       "2:12: proxy.P.upstream: expected a port from 1 to 65535, got \"a:0\""},
      {"[proxy.P]\nupstream = 8100\nlisten = 1",
       "2:12: proxy.P.upstream: expected an address such as \"localhost:8100\", got the integer "
       "8100"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(ProxyTables, RefuseToListenWhereAProxyListens) {
  const Mistake rows[] = {
      {std::string(kProxy) + "[proxy.Q]\nlisten = '127.0.0.1:9000'\nupstream = 'a:1'",
       "5:10: proxy.Q.listen: the proxy \"P\" already listens on port 9000 on all addresses"},
      {std::string(kProxy) + "[proxy.Q]\nlisten = [1, '127.0.0.1:9000']\nupstream = 'a:1'",
       "5:10: proxy.Q.listen: the proxy \"P\" already listens on port 9000 on all addresses"},
      {"[proxy.P]\nlisten = [1, '[::1]:1']\nupstream = 'a:1'",
       "2:10: proxy.P.listen: it already listens on port 1 on all addresses"},
      {"[proxy.P]\nlisten = 1\nupstream = 'localhost:2'\n"
       "[proxy.Q]\nlisten = 2\nupstream = '127.0.0.1:1'",
       "6:12: proxy.Q.upstream: the connections would come back: \"Q\" to \"P\" to \"Q\""},
      {"[proxy.P]\nlisten = '0.0.0.0:9000'\nupstream = 'a:1'\n[proxy_status]\n"
       "listen = '[::]:9000'",
       "5:10: proxy_status.listen: the proxy \"P\" already listens on 0.0.0.0:9000"},
      {"[http]\nlisten = '127.0.0.1:9000'\n" + std::string(kProxy),
       "2:10: http.listen: the proxy \"P\" already listens on port 9000 on all addresses"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(ProxyTables, SayWhatIsWrongWithAValue) {
  const Mistake rows[] = {
      {"max_connections = -1",
       "19: proxy.P.max_connections: expected an integer from 0 on, got the integer -1"},
      {"max_connections = '1'",
       "19: proxy.P.max_connections: expected an integer from 0 on, got the string \"1\""},
      {"queue_order = 'random'",
       R"(15: proxy.P.queue_order: expected "fifo", "lifo" or "fair", got "random")"},
      {"timeout = 0",
       "11: proxy.P.timeout: expected a duration above zero such as \"20s\", or milliseconds, got "
       "the integer 0"},
      {"timeout = '0s'",
       "11: proxy.P.timeout: expected a duration above zero such as \"20s\", or milliseconds, got "
       "\"0s\""},
      {"timeout = 1.5",
       "11: proxy.P.timeout: expected a duration above zero such as \"20s\", or milliseconds, got "
       "a floating-point number"},
      {"drain_timeout = 'soon'",
       "17: proxy.P.drain_timeout: \"soon\" is not a duration: expected a digit at character 1, "
       "found \"s\""},
      {"on_timeout = true", "14: proxy.P.on_timeout: expected a command, got a boolean"},
      {"abort_on_close = 'yes'",
       "18: proxy.P.abort_on_close: expected true or false, got the string \"yes\""},
      {"activate_on = 'accept'",
       R"(15: proxy.P.activate_on: expected "connect" or "first-byte", got "accept")"},
      {"reject = 'drop'", R"(10: proxy.P.reject: expected "close", "reset" or "http", got "drop")"},
      {"send_proxy = 2",
       R"(14: proxy.P.send_proxy: expected "none", "v1" or "v2", got the integer 2)"},
      {"ipv4_prefix = 33",
       "15: proxy.P.ipv4_prefix: expected an integer from 0 to 32, got the integer 33"},
      {"waiting_bytes = 16777217",
       "17: proxy.P.waiting_bytes: expected an integer from 0 to 16777216, got the integer "
       "16777217"},
  };
  for (const Mistake& row : rows) {
    expect_message_of_line(row);
  }
}

TEST(ProxyTables, SayWhatIsWrongWithNetworks) {
  const Mistake rows[] = {
      {"accept_proxy = '10.0.0.0/8'",
       "16: proxy.P.accept_proxy: expected an array of networks such as [\"10.0.0.0/8\"], got the "
       "string \"10.0.0.0/8\""},
      {"accept_proxy = ['::1', 10]",
       "24: proxy.P.accept_proxy: expected a string in the array, got the integer 10"},
      {"accept_proxy = ['::1', '10.1.2.3/8']",
       "24: proxy.P.accept_proxy: \"10.1.2.3/8\" has bits set beyond its prefix; the network is "
       "10.0.0.0/8"},
      {"client_limits = 5",
       "17: proxy.P.client_limits: expected a table such as { \"10.0.0.0/8\" = 5, \"192.168.1.7\" "
       "= \"none\" }, got the integer 5"},
      {"client_limits = { '10.1.2.3/8' = 5 }",
       "34: proxy.P.client_limits.\"10.1.2.3/8\": \"10.1.2.3/8\" has bits set beyond its prefix; "
       "the network is 10.0.0.0/8"},
      {"client_limits = { '::1' = -1 }",
       "27: proxy.P.client_limits.\"::1\": expected an integer from 0 on or \"none\", got \"-1\""},
      {"client_limits = { '::1' = true }",
       "27: proxy.P.client_limits.\"::1\": expected a string or an integer, got a boolean"},
      {"client_limits = { '10.0.0.1' = 1, '::ffff:10.0.0.1' = 2 }",
       "55: proxy.P.client_limits.\"::ffff:10.0.0.1\": 10.0.0.1/32 has a limit already"},
      {"client_limits = { home = 1 }",
       "26: proxy.P.client_limits.home: \"home\" is not an IP address such as 10.0.0.1 or "
       "2001:db8::1"},
  };
  for (const Mistake& row : rows) {
    expect_message_of_line(row);
  }
}

TEST(ProxyTables, SayWhatHasNoEffectAlone) {
  const Mistake rows[] = {
      {"recycle_every = 5", "17: proxy.P.recycle_every: has no effect without recycle"},
      {"recycle_drain_timeout = 5000",
       "25: proxy.P.recycle_drain_timeout: has no effect without recycle"},
      {"ready = 'r'", "9: proxy.P.ready: has no effect without recycle"},
      {"timeout = 1000\nrecycle_after_timeout = true",
       "t.toml:5:25: proxy.P.recycle_after_timeout: has no effect without recycle"},
      {"recycle = 'r'\nrecycle_after_timeout = true",
       "t.toml:5:25: proxy.P.recycle_after_timeout: has no effect without timeout"},
      {"recycle = 'r'",
       "11: proxy.P.recycle: has no effect without recycle_every or recycle_after_timeout"},
      {"on_timeout = 'o'", "14: proxy.P.on_timeout: has no effect without timeout"},
  };
  for (const Mistake& row : rows) {
    const bool next_line = row.message.starts_with("t.toml:");
    const std::string text = std::string(kProxy) + row.text;
    next_line ? expect_message({text, row.message.substr(7)}) : expect_message_of_line(row);
  }
}

TEST(ProxyTables, SayWhatIsWrongWithASemaphore) {
  const std::string semaphores = "semaphores.office = 1\n";
  const Mistake rows[] = {
      {"[proxy.P]\nlisten = 1\nupstream = 'a:1'\nsemaphore = 'ofice'",
       "5:13: proxy.P.semaphore: there is no \"ofice\" under [semaphores]; did you mean "
       "\"office\"?"},
      {"[proxy.P]\nlisten = 1\nupstream = 'a:1'\nsemaphore = 'database'",
       "5:13: proxy.P.semaphore: there is no \"database\" under [semaphores]"},
      {"[proxy.P]\nlisten = 1\nupstream = 'a:1'\nsemaphore = ''",
       "5:13: proxy.P.semaphore: expected the name of a semaphore, got \"\""},
      {"[proxy.P]\nlisten = 1\nupstream = 'a:1'\nsemaphore = 'office'\nmax_connections = 1\n"
       "queue_order = 'fifo'\nmax_queue = 1",
       "6:19: proxy.P.max_connections: belongs to the semaphore \"office\"; set its max under "
       "[semaphores]\n"
       "t.toml:7:15: proxy.P.queue_order: belongs to the semaphore \"office\"; set its order under "
       "[semaphores]\n"
       "t.toml:8:13: proxy.P.max_queue: belongs to the semaphore \"office\"; set its max_pending "
       "under [semaphores]"},
      {"[proxy.office]\nlisten = 1\nupstream = 'a:1'",
       "2:1: proxy.office: a semaphore has this name already; share it with semaphore = "
       "\"office\", or choose another name"},
  };
  for (const Mistake& row : rows) {
    expect_message({semaphores + row.text, row.message});
  }
}

TEST(ProxyTables, RefuseANameThatTheExtraPlacesOfAnotherProxyNeed) {
  const std::string a = "[proxy.a]\nlisten = 1\nupstream = 'h:1'\nextra_per_client = 1\n";
  const std::string b = "[proxy.'a/extra']\nlisten = 2\nupstream = 'h:2'\n";
  const std::string message =
      "proxy.\"a/extra\": the extra places (extra_per_client) of proxy.a need this name; choose "
      "another one";
  expect_message({a + b, "5:1: " + message});
  expect_message({b + a, "1:1: " + message});
}

}  // namespace
}  // namespace throttle::config
