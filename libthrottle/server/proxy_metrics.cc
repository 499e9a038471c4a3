#include "libthrottle/server/proxy_metrics.h"

namespace throttle::server {
namespace {

using proxy::EndedBy;
using proxy::Refusal;

std::string_view refusal_name(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "none";
    case Refusal::kPerClient:
      return "refused_per_client";
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

std::string_view outcome(const proxy::ConnectionRecord& record) {
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
    default:
      return "other";
  }
}

}  // namespace

void ProxyMetrics::count(const proxy::ConnectionRecord& record) {
  ++outcomes_[outcome(record)];
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

void ProxyMetrics::write(std::string_view name, const Now& now, telemetry::Exposition& page) const {
  page.gauge("throttle_proxy_active_connections", "Connections that have a place.")
      .add({{"proxy", name}}, std::uint64_t{now.active});
  page.gauge("throttle_proxy_waiting_connections", "Connections that wait for a place.")
      .add({{"proxy", name}}, std::uint64_t{now.waiting});
  auto& connections =
      page.counter("throttle_proxy_connections_total", "Connections that ended, by outcome.");
  for (const auto& [label, number] : outcomes_)
    connections.add({{"proxy", name}, {"outcome", label}}, number);
  auto& bytes = page.counter("throttle_proxy_bytes_total", "Bytes passed on by ended connections.");
  bytes.add({{"proxy", name}, {"direction", "up"}}, bytes_up_);
  bytes.add({{"proxy", name}, {"direction", "down"}}, bytes_down_);
  page.histogram("throttle_proxy_wait_seconds", "Time until a connection got its place.")
      .add({{"proxy", name}}, waited_);
  page.histogram("throttle_proxy_abandoned_wait_seconds",
                 "Time that connections waited which got no place.")
      .add({{"proxy", name}}, gave_up_);
  page.histogram("throttle_proxy_connect_seconds", "Time to connect to the upstream, with retries.")
      .add({{"proxy", name}}, connected_);
  page.histogram("throttle_proxy_connection_seconds",
                 "From the acceptance of a connection to its end.")
      .add({{"proxy", name}}, lasted_);
  if (hooks_.empty()) return;
  auto& seconds = page.histogram("throttle_proxy_hook_seconds", "How long hooks took.");
  auto& failures = page.counter("throttle_proxy_hook_failures_total", "Hooks that failed.");
  for (const auto& [hook, counts] : hooks_) {
    seconds.add({{"proxy", name}, {"hook", hook}}, counts.seconds);
    failures.add({{"proxy", name}, {"hook", hook}}, counts.failures);
  }
}

}  // namespace throttle::server
