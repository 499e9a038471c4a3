// Prints a metrics page with every family that the server can have, for promtool to check.
#include <chrono>
#include <iostream>

#include "libthrottle/pages/event_streams.h"
#include "libthrottle/pages/http_metrics.h"
#include "libthrottle/pages/ledger_metrics.h"
#include "libthrottle/pages/limit_metrics.h"
#include "libthrottle/pages/log_metrics.h"
#include "libthrottle/pages/process_metrics.h"
#include "libthrottle/pages/proxy_metrics.h"
#include "tests/pages/whole_page.h"
#include "tests/telemetry/recording_sink.h"

int main() {
  using namespace throttle;
  using namespace throttle::pages;

  LeaseLedger ledger;
  const TimePoint now;
  ledger.configure(now,
                   std::vector<SemaphoreSettings>{{.name = "/& \"größe\" \\\n", .full_count = 1},
                                                  {.name = "A", .full_count = 5}});
  ledger.acquire(now, {.peer = ledger.add_peer(now, {}), .semaphore = "A"});
  LedgerMetrics metrics;
  metrics.observe(ledger.events());

  RequestMetrics requests;
  requests.count("PUT", "/peers/{id}/{semaphore}", 200);
  requests.count("GET", "", 404);
  std::vector<std::string> lines;
  const telemetry::Logger logger = telemetry::recording_logger("info", lines);

  ProxyMetrics proxy;
  proxy.count({.client = {}, .accepted = now});
  proxy.count_hook("before_activate", std::chrono::seconds(2), false);

  MetricsPage page;
  metrics.write(ledger, page);
  ProxyMetrics::write({{"office", proxy, {}}}, page);
  requests.write(page.short_families());
  write_http({}, 0, page.short_families());
  write_http_limits({}, page.short_families());
  write_max_peers(1, page.short_families());
  write_max_pending(std::vector<SemaphoreSettings>{{.name = "A"}}, page);
  write_process({.version = "0.0.0",
                 .start = {},
                 .usage = {.resident_bytes = 1, .cpu = std::chrono::seconds(1)},
                 .open_descriptors = 1,
                 .most_descriptors = 2},
                page.short_families());
  write_reloads({}, page.short_families());
  write_log(logger, page.short_families());
  const EventBacklog backlog(ledger, {});
  EventStreams(backlog, ledger, {}, "").write_metrics(page.short_families());
  std::cout << whole(page);
}
