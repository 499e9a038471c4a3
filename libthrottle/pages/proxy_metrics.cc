// Counts the reports of the proxies and writes them as metric families.
#include "libthrottle/pages/proxy_metrics.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::pages {
namespace {

using telemetry::append_sample;

using gate::Refusal;
using proxy::EndedBy;

std::string_view refusal_name(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "none";
    case Refusal::kPerClient:
      return "refused_per_client";
    case Refusal::kTooOften:
      return "refused_rate";
    case Refusal::kQueueFull:
      return "refused_queue_full";
    case Refusal::kQueueTimeout:
      return "queue_timeout";
    case Refusal::kUpstreamDown:
      return "upstream_down";
    case Refusal::kExhausted:
      return "exhausted";
    case Refusal::kHook:
      return "refused_by_hook";
    case Refusal::kBadProxyHeader:
      return "bad_proxy_header";
    case Refusal::kSilent:
      return "silent";
    case Refusal::kKilled:
      return "killed";
    case Refusal::kShutDown:
      return "shut_down";
  }
  return "none";
}

constexpr std::array kOutcomes = {
    "bad_proxy_header", "client_left",        "client_reset", "exhausted",
    "finished",         "idle_timeout",       "killed",       "queue_timeout",
    "recycling",        "refused_by_hook",    "silent",       "refused_per_client",
    "shut_down",        "refused_queue_full", "refused_rate", "upstream_down",
    "time_to_live",     "upstream_reset"};

}  // namespace

std::string_view outcome_of(const proxy::ConnectionRecord& record) {
  if (record.refusal != Refusal::kNone) return refusal_name(record.refusal);
  switch (record.ended_by) {
    case EndedBy::kNormal:
      return "finished";
    case EndedBy::kClient:
      return record.phase == proxy::Phase::kData ? "client_reset" : "client_left";
    case EndedBy::kServer:
      return "upstream_reset";
    case EndedBy::kClientTimeout:
      return "idle_timeout";
    case EndedBy::kTimeToLive:
      return "time_to_live";
    case EndedBy::kRecycling:
      return "recycling";
    case EndedBy::kKilled:
      return "killed";
    case EndedBy::kShutDown:
      return "shut_down";
    // These come with a refusal, or with a count of their own.
    case EndedBy::kRefused:
    case EndedBy::kServerTimeout:
    case EndedBy::kHook:
    case EndedBy::kResource:
      break;
  }
  return "other";
}

ProxyMetrics::ProxyMetrics() {
  for (const std::string_view each : kOutcomes)
    outcomes_[each] = 0;
}

void ProxyMetrics::count(const proxy::ConnectionRecord& record) {
  ++outcomes_[outcome_of(record)];
  bytes_up_ += record.bytes_up;
  bytes_down_ += record.bytes_down;
  if (record.waited >= Duration::zero()) {
    waited_.observe(record.waited);
  } else if (record.phase == proxy::Phase::kWaiting) {
    gave_up_.observe(record.total);
  }
  if (record.connected >= Duration::zero()) connected_.observe(record.connected);
  lasted_.observe(record.total);
}

void ProxyMetrics::count_hook(std::string_view hook, Duration took, bool succeeded) {
  auto found = hooks_.find(hook);
  if (found == hooks_.end()) found = hooks_.emplace(hook, Hook{}).first;
  found->second.seconds.observe(took);
  if (!succeeded) ++found->second.failures;
}

// A family, and how it is written for one proxy.
struct ProxyMetrics::Family {
  struct Entry {
    std::string& out;
    std::string_view family;
    telemetry::Label proxy;
    const Shown& shown;
  };
  std::string_view name;
  std::string_view type;
  std::string_view help;
  void (*append)(const Entry& entry);

  template <auto kMember>
  static void now(const Entry& entry) {
    append_sample(entry.out, entry.family, {entry.proxy}, std::uint64_t{entry.shown.now.*kMember});
  }
  template <auto kMember>
  static void time(const Entry& entry) {
    append_sample(entry.out, entry.family, {entry.proxy}, entry.shown.metrics.*kMember);
  }
  static void outcomes(const Entry& entry) {
    for (const auto& [outcome, number] : entry.shown.metrics.outcomes_)
      append_sample(entry.out, entry.family, {entry.proxy, {"outcome", outcome}}, number);
  }
  static void bytes(const Entry& entry) {
    const ProxyMetrics& metrics = entry.shown.metrics;
    append_sample(entry.out, entry.family, {entry.proxy, {"direction", "down"}},
                  metrics.bytes_down_);
    append_sample(entry.out, entry.family, {entry.proxy, {"direction", "up"}}, metrics.bytes_up_);
  }
  template <auto kMember>
  static void hooks(const Entry& entry) {
    for (const auto& [hook, counts] : entry.shown.metrics.hooks_)
      append_sample(entry.out, entry.family, {entry.proxy, {"hook", hook}}, counts.*kMember);
  }

  static const std::array<Family, 10> kAll;
};

constexpr std::array<ProxyMetrics::Family, 10> ProxyMetrics::Family::kAll = {{
    {"throttle_proxy_active_connections", "gauge", "Connections that have a place.",
     &now<&Now::active>},
    {"throttle_proxy_waiting_connections", "gauge", "Connections that wait for a place.",
     &now<&Now::waiting>},
    {"throttle_proxy_connections_total", "counter", "Connections that ended, by outcome.",
     &outcomes},
    {"throttle_proxy_bytes_total", "counter", "Bytes passed on by ended connections.", &bytes},
    {"throttle_proxy_wait_seconds", "histogram", "Time until a connection got its place.",
     &time<&ProxyMetrics::waited_>},
    {"throttle_proxy_abandoned_wait_seconds", "histogram",
     "Time that connections waited which got no place.", &time<&ProxyMetrics::gave_up_>},
    {"throttle_proxy_connect_seconds", "histogram",
     "Time to connect to the upstream, with retries.", &time<&ProxyMetrics::connected_>},
    {"throttle_proxy_connection_seconds", "histogram",
     "From the acceptance of a connection to its end.", &time<&ProxyMetrics::lasted_>},
    {"throttle_proxy_hook_seconds", "histogram", "How long hooks took.", &hooks<&Hook::seconds>},
    {"throttle_proxy_hook_failures_total", "counter", "Hooks that failed.",
     &hooks<&Hook::failures>},
}};

void ProxyMetrics::write(std::vector<Shown> proxies, MetricsPage& page) {
  THROTTLE_CHECK(std::ranges::is_sorted(proxies, {}, &Shown::name));
  const auto shown = std::make_shared<const std::vector<Shown>>(std::move(proxies));
  for (const Family& family : Family::kAll) {
    page.add({family.name, family.type, family.help, shown->size(),
              [shown, &family](std::string& out, auto entry) {
                const Shown& one = shown->at(entry);
                family.append({out, family.name, {"proxy", one.name}, one});
              }});
  }
}

}  // namespace throttle::pages
