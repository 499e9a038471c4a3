// The sample configuration says the truth about itself: it is valid, gives what its comments say,
// and every setting that it shows at its default is one.
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "libthrottle/config/proxy_keys.h"
#include "libthrottle/config/settings_file.h"

using namespace std::chrono_literals;

namespace throttle::config {
namespace {

std::string sample() {
  std::ifstream file(THROTTLE_SAMPLE, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The sample with a key or table in place of every line that is `#` and a key or table.
std::string sample_with_its_defaults() {
  std::string text;
  bool line_begins = true;
  const std::string whole = sample();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const bool setting = line_begins && whole[i] == '#' && i + 1 < whole.size() &&
                         (whole[i + 1] == '[' || (whole[i + 1] >= 'a' && whole[i + 1] <= 'z'));
    line_begins = whole[i] == '\n';
    if (!setting) text += whole[i];
  }
  return text;
}

ServerSettings what_its_comments_say() {
  ServerSettings expected;
  expected.startup_grace = 10s;
  expected.semaphores = {{"database", 5, 1, QueueOrder::kFifo, 100'000},
                         {"office", 1, 0, QueueOrder::kFifo, 100'000},
                         {"reports/nightly", 2, 2, QueueOrder::kLifo, 100}};
  expected.logging.terminal.level = telemetry::Level::kInfo;
  return expected;
}

// What it shows where there is no default; all else is at its default.
proxy::Settings the_proxy_it_shows() {
  proxy::Settings proxy;
  proxy.name = "converter";
  proxy.listen = {{"127.0.0.1", 9000}};
  proxy.upstream = {"localhost", 8100};
  proxy.queue_timeout = 5min;
  proxy.time_to_live = 20s;
  proxy.idle_timeout = 10min;
  proxy.idle_timeout_when_queued = 1min;
  proxy.max_rate = {10, 1s};
  proxy.reject_text = "421 busy\r\n";
  proxy.hooks.before_activate = "echo admitted";
  proxy.hooks.on_timeout = "echo took too long";
  proxy.hooks.recycle = "systemctl restart converter";
  proxy.hooks.ready = "curl -fs http://localhost:8100/";
  proxy.hooks.recycle_every = 100;
  proxy.hooks.recycle_drain_timeout = std::chrono::minutes(10);
  proxy.client_limits.max_per_client = 10;
  proxy.client_limits.overrides = {{*IpNetwork::parse("10.0.0.0/8"), 100},
                                   {*IpNetwork::parse("127.0.0.1"), ConnectionLimiter::kUnlimited}};
  proxy.accept_proxy = {*IpNetwork::parse("192.0.2.0/24")};
  return proxy;
}

TEST(Sample, IsReadAsItsCommentsSay) {
  const auto loaded = load_settings_file(THROTTLE_SAMPLE);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_TRUE(loaded->warnings.empty());
  EXPECT_EQ(loaded->settings, what_its_comments_say());
}

TEST(Sample, ShowsEverySettingAtItsDefault) {
  const std::string text = sample_with_its_defaults();
  ASSERT_NE(text, sample());
  const auto loaded = parse_settings(text, "sample");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_TRUE(loaded->warnings.empty());
  ServerSettings expected = what_its_comments_say();
  expected.logging.gelf =
      telemetry::GelfSettings{"throttle", "log.example.org", 12201, telemetry::Level::kWarn};
  expected.logging.file = telemetry::FileSettings{.path = "/var/log/throttle/throttle.log"};
  expected.logging.syslog.emplace();
  expected.logging.event_log.emplace();
  expected.journal.path = "/var/lib/throttle/journal.db";
  expected.journal.name = "locks-1";
  expected.http.limits.per_client.max_per_client = 100;
  expected.max_expires_in = 24h;
  expected.proxies = {the_proxy_it_shows()};
  expected.status = HostPort{"127.0.0.1", 8500};
  EXPECT_EQ(loaded->settings, expected);
}

TEST(Sample, MentionsEveryKey) {
  const std::string text = sample_with_its_defaults();
  for (const std::string_view key : {"startup_grace",
                                     "drain_timeout",
                                     "max_peers",
                                     "max_expires_in",
                                     "histograms",
                                     "max",
                                     "level",
                                     "order",
                                     "max_pending",
                                     "listen",
                                     "hosts",
                                     "trusted_proxies",
                                     "accept_proxy",
                                     "max_connections",
                                     "max_per_client",
                                     "max_header_bytes",
                                     "max_body_bytes",
                                     "max_all_body_bytes",
                                     "header_timeout",
                                     "body_timeout",
                                     "idle_timeout",
                                     "write_timeout",
                                     "max_streamed_answers",
                                     "stream_timeout",
                                     "max_streams",
                                     "backlog",
                                     "buffer_bytes",
                                     "keep_alive",
                                     "format",
                                     "name",
                                     "host",
                                     "port",
                                     "compression",
                                     "datagram_bytes",
                                     "path",
                                     "max_bytes",
                                     "keep"}) {
    EXPECT_NE(text.find(std::string(key) + " = "), std::string::npos) << key;
  }
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    for (const ProxyKey& key : group.keys) {
      EXPECT_NE(text.find(std::string(key.name) + " = "), std::string::npos) << key.name;
    }
  }
}

}  // namespace
}  // namespace throttle::config
