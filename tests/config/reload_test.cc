// What a reload may change, by the rows of the keys.
#include "libthrottle/config/reload.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/config/setting_keys.h"

namespace throttle::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LoadedSettings loaded(std::string_view text) {
  auto settings = parse_settings(text, "t.toml");
  EXPECT_TRUE(settings) << (settings ? "" : settings.error().message);
  return settings.value_or(LoadedSettings());
}

constexpr std::string_view kSomething = "[semaphores]\nA = 1";

TEST(Reload, OfAFileThatConfiguresNothingIsRefused) {
  for (const std::string_view text : {"", "\n\n", "# a comment", "[http]\nmax_connections = 7"}) {
    const auto allowed = check_reload(loaded(text), loaded(kSomething).settings);
    ASSERT_FALSE(allowed) << text;
    EXPECT_THAT(allowed.error().message, HasSubstr("[semaphores]"));
  }
}

TEST(Reload, OfAnEmptyTableOfSemaphoresIsMeant) {
  EXPECT_TRUE(check_reload(loaded("[semaphores]"), loaded(kSomething).settings));
}

TEST(Reload, WithAProxyOrWithNothingBeforeIsAllowed) {
  const auto proxy = loaded("[proxy.a]\nlisten = 9000\nupstream = \"localhost:80\"");
  EXPECT_TRUE(check_reload(proxy, loaded(kSomething).settings));
  EXPECT_FALSE(check_reload(loaded(""), proxy.settings));
  EXPECT_TRUE(check_reload(loaded(""), loaded("").settings));
}

TEST(Reload, NamesTheChangedKeysThatNeedARestart) {
  const ServerSettings before = loaded(kSomething).settings;
  EXPECT_THAT(keys_that_need_a_restart(before, before), IsEmpty());
  const ServerSettings after = loaded(R"(startup_grace = "1s"
drain_timeout = "9s"
[semaphores]
B = 7
[http]
listen = "127.0.0.1:9"
max_per_client = 3
[logging.stderr]
level = "debug"
[logging.gelf]
name = "n"
host = "h"
port = 1
level = "warn"
[logging.file]
path = "t.log"
[logging.syslog]
[logging.eventlog]
level = "error"
[journal]
path = "j.db"
keep = "2 days"
[events]
backlog = 9
[proxy_status]
listen = 8500)")
                                   .settings;
  EXPECT_THAT(keys_that_need_a_restart(before, after),
              ElementsAre("startup_grace", "http.listen", "http.max_per_client",
                          "logging.stderr.level", "logging.gelf.name", "logging.gelf.host",
                          "logging.gelf.port", "logging.gelf.level", "logging.file.path",
                          "logging.syslog.level", "logging.eventlog.level", "journal.path",
                          "events.backlog", "proxy_status.listen"));
}

TEST(Reload, TakesOverWhatTakesEffectAtOnceAndNothingElse) {
  const ServerSettings before = loaded(kSomething).settings;
  ServerSettings after = loaded("drain_timeout = \"9s\"\n[semaphores]\nB = 7").settings;
  after.http.listen.port = 9;
  const ServerSettings merged = with_reloadable_part(before, after);
  EXPECT_EQ(merged.drain_timeout, after.drain_timeout);
  EXPECT_EQ(merged.semaphores, after.semaphores);
  EXPECT_EQ(merged.http, before.http);
  EXPECT_EQ(keys_that_need_a_restart(before, merged), std::vector<std::string>());
}

// A row that compares or copies another setting than it reads would be found here.
TEST(SettingKeys, EachRowCopiesWhatItCompares) {
  const ServerSettings defaults;
  ServerSettings other;
  other.startup_grace = other.drain_timeout = std::chrono::seconds(77);
  other.max_peers = 77;
  other.max_expires_in = std::chrono::seconds(77);
  other.histograms = false;
  other.http.listen = {"h", 7};
  other.http.hosts = {"h"};
  other.http.trusted_proxies = other.http.accept_proxy = {*IpNetwork::parse("::1")};
  http::Limits& limits = other.http.limits;
  limits.connections = limits.per_client.max_per_client = 77;
  limits.head_bytes = limits.body_bytes = limits.all_body_bytes = 7777;
  limits.head_time = limits.body_time = limits.idle_time = std::chrono::seconds(77);
  limits.write_time = limits.flow_time = std::chrono::seconds(77);
  limits.flows = 77;
  other.logging.terminal = {telemetry::Level::kTrace, LineFormat::kJson};
  other.logging.gelf = telemetry::GelfSettings{
      "n", "h", 7, telemetry::Level::kTrace, telemetry::Compression::kNone, 777};
  other.logging.file = telemetry::FileSettings{"f", telemetry::Level::kTrace, 77'777, 7};
  other.logging.syslog = telemetry::SyslogSettings{telemetry::Level::kTrace};
  other.logging.event_log = telemetry::EventLogSettings{telemetry::Level::kTrace};
  other.events = {
      .max_streams = 77, .backlog = 77, .buffer_bytes = 77, .keep_alive = std::chrono::seconds(77)};
  other.journal = {"j",
                   "n",
                   std::chrono::seconds(77),
                   journal::Durability::kProcess,
                   journal::WhenBehind::kPause,
                   7777,
                   std::chrono::seconds(77),
                   7'777'777,
                   77,
                   journal::Clients::kNone,
                   false,
                   false};
  other.status = HostPort{"h", 7};
  for (const SettingTable& table : setting_tables()) {
    for (const SettingKey& key : table.keys) {
      EXPECT_FALSE(key.equal(defaults, other)) << table.path << '.' << key.name;
      ServerSettings target;
      target.logging.gelf.emplace();
      target.logging.file.emplace();
      target.logging.syslog.emplace();
      target.logging.event_log.emplace();
      target.status.emplace();
      key.copy(other, target);
      EXPECT_TRUE(key.equal(target, other)) << table.path << '.' << key.name;
    }
  }
}

TEST(Reload, SaysWhatChanges) {
  ServerSettings before;
  before.semaphores = {{.name = "office", .full_count = 1}, {.name = "old", .full_count = 1}};
  ServerSettings after = before;
  EXPECT_EQ(changes(before, after), "");
  after.semaphores = {{.name = "office", .full_count = 2, .level = 3},
                      {.name = "reports", .full_count = 5}};
  EXPECT_EQ(changes(before, after),
            "office: max 1 \u2192 2, level 0 \u2192 3; new: reports; gone: old");
  proxy::Settings proxy;
  proxy.name = "door";
  before = after;
  before.proxies = {proxy};
  after = before;
  after.proxies.front().max_connections = 7;
  EXPECT_EQ(changes(before, after), "door: max 1 \u2192 7; proxy door: changed");
  after = before;
  after.drain_timeout += std::chrono::seconds(1);
  after.journal.keep = std::chrono::hours(7);
  EXPECT_EQ(changes(before, after), "drain_timeout: changed; journal.keep: changed");
}

}  // namespace
}  // namespace throttle::config
