// What the proxies have done, for the metrics page. How long connections wait for their places and
// hold them is with the semaphores.
// Threads: one, the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/time.h"
#include "libthrottle/pages/metrics_page.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/telemetry/histogram.h"

namespace throttle::pages {

// How a connection ended, as the label of throttle_proxy_connections_total says it.
std::string_view outcome_of(const proxy::ConnectionRecord& record);

// Of one proxy, since the start.
class ProxyMetrics {
 public:
  // Each outcome is on the page from the start: Prometheus sees no increase from nothing to 1.
  ProxyMetrics();

  void count(const proxy::ConnectionRecord& record);
  void count_hook(std::string_view hook, Duration took, bool succeeded);

  // How many there are right now.
  struct Now {
    std::size_t active = 0;
    std::size_t waiting = 0;
  };
  struct Shown {
    std::string_view name;
    const ProxyMetrics& metrics;
    Now now = {};
  };
  // The proxies in the order of their names, which outlive the page as their metrics do.
  static void write(std::vector<Shown> proxies, MetricsPage& page);

 private:
  struct Family;
  struct Hook {
    telemetry::Histogram seconds;
    std::uint64_t failures = 0;
  };

  std::map<std::string_view, std::uint64_t> outcomes_;
  std::uint64_t bytes_up_ = 0;
  std::uint64_t bytes_down_ = 0;
  telemetry::Histogram waited_;     // until a place was there; of those that got one
  telemetry::Histogram gave_up_;    // of those that waited and got none
  telemetry::Histogram connected_;  // to the upstream
  telemetry::Histogram lasted_;     // in all
  std::map<std::string, Hook, std::less<>> hooks_;
};

}  // namespace throttle::pages
