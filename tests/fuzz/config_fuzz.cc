// Any bytes as a configuration file: nothing crashes, every error has a place in the text, and
// what is accepted keeps its limits and is the same when it is read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libthrottle/config/settings_file.h"
#include "libthrottle/core/check.h"

namespace {

using throttle::Duration;
using throttle::config::parse_settings;
using throttle::config::ServerSettings;

constexpr std::string_view kFile = "t.toml:";

// Takes "7:" off the text, a number of a line or column.
bool take_number(std::string_view& text, std::size_t most) {
  std::size_t number = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    number = number * 10 + static_cast<std::size_t>(text[digits] - '0');
  }
  const bool taken = digits > 0 && digits < 10 && text.substr(digits).starts_with(':');
  text.remove_prefix(taken ? digits + 1 : 0);
  return taken && number >= 1 && number <= most;
}

// "t.toml:7:9: text", with a line and column that the text of this size can have.
bool has_place(std::string_view line, std::size_t size) {
  if (!line.starts_with(kFile)) return false;
  line.remove_prefix(kFile.size());
  return take_number(line, size + 1) && take_number(line, size + 2) && line.starts_with(' ') &&
         line.size() > 1;
}

void check_report(std::string_view report, std::size_t size) {
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\n'), report.size());
    THROTTLE_CHECK(has_place(report.substr(0, end), size));
    report.remove_prefix(std::min(end + 1, report.size()));
  }
}

void check_limits(const ServerSettings& settings) {
  THROTTLE_CHECK(settings.http.limits.head_time > Duration::zero());
  THROTTLE_CHECK(settings.http.limits.idle_time > Duration::zero());
  THROTTLE_CHECK(settings.http.limits.connections > 0);
  THROTTLE_CHECK(settings.startup_grace >= Duration::zero());
  THROTTLE_CHECK(!settings.http.listen.host.empty());
  THROTTLE_CHECK(!settings.logging.gelf || settings.logging.gelf->port > 0);
  for (std::size_t i = 1; i < settings.semaphores.size(); ++i) {
    THROTTLE_CHECK(settings.semaphores[i - 1].name < settings.semaphores[i].name);
  }
}

void check_proxies(const ServerSettings& settings) {
  for (const auto& proxy : settings.proxies) {
    THROTTLE_CHECK(!proxy.name.empty() && proxy.upstream.port > 0);
    THROTTLE_CHECK(proxy.max_connections >= 0 && proxy.time_to_live > Duration::zero());
    const auto semaphores = semaphores_in_force(settings);
    THROTTLE_CHECK(std::ranges::count(semaphores, proxy.semaphore_name(),
                                      &throttle::SemaphoreSettings::name) == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto loaded = parse_settings(text, "t.toml");
  if (!loaded) {
    THROTTLE_CHECK(!loaded.error().message.empty());
    check_report(loaded.error().message, size);
    return 0;
  }
  check_limits(loaded->settings);
  check_proxies(loaded->settings);
  THROTTLE_CHECK(parse_settings(text, "t.toml")->settings == loaded->settings);
  return 0;
}
