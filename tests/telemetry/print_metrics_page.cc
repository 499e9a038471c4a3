// Prints a metrics page with every family that the server can have, for promtool to check.
#include <iostream>

#include "libthrottle/telemetry/ledger_metrics.h"
#include "libthrottle/telemetry/server_metrics.h"
#include "tests/telemetry/recording_sink.h"

int main() {
  using namespace throttle;
  using namespace throttle::telemetry;

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
  const Logger logger = recording_logger("info", lines);

  Exposition page;
  metrics.write(ledger, page);
  requests.write(page);
  write_http({.timeouts = {{"idle", 0}, {"head", 1}}, .rejections = {{"400", 2}}}, page);
  write_process({.version = "0.0.0", .start = {}}, page);
  write_log(logger, page);
  std::cout << page.text();
}
