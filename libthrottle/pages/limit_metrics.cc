// The families throttle_max_….
#include "libthrottle/pages/limit_metrics.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace throttle::pages {
namespace {

constexpr std::string_view kMaxPending = "throttle_max_pending";

struct MaxPending {
  std::string semaphore;
  std::uint64_t most;
};

void write_one(telemetry::Exposition& page, std::string_view name, std::string_view help,
               std::size_t value) {
  page.gauge(name, help).add({}, static_cast<std::uint64_t>(value));
}

}  // namespace

void write_http_limits(const http::Limits& limits, telemetry::Exposition& page) {
  write_one(page, "throttle_http_max_connections",
            "HTTP connections at a time (max_connections); fewer if descriptors run out.",
            limits.connections);
  write_one(page, "throttle_http_max_body_bytes",
            "All bodies that are being received together (max_all_body_bytes).",
            limits.all_body_bytes);
  write_one(page, "throttle_http_max_streamed_answers",
            "Long answers at a time (max_streamed_answers).", limits.flows);
}

void write_max_peers(std::size_t most, telemetry::Exposition& page) {
  write_one(page, "throttle_max_peers", "Peers that there may be (max_peers).", most);
}

void write_max_pending(std::span<const SemaphoreSettings> semaphores, MetricsPage& page) {
  auto noted = std::make_shared<std::vector<MaxPending>>();
  for (const SemaphoreSettings& each : semaphores)
    noted->push_back({each.name, each.max_pending});
  std::ranges::sort(*noted, {}, &MaxPending::semaphore);
  page.add({kMaxPending, "gauge", "Requests that may wait (max_pending, or max_queue of a proxy).",
            noted->size(), [noted = std::move(noted)](std::string& out, std::size_t entry) {
              const MaxPending& one = noted->at(entry);
              telemetry::append_sample(out, kMaxPending, {{"semaphore", one.semaphore}}, one.most);
            }});
}

}  // namespace throttle::pages
