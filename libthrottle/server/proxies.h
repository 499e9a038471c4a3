// The proxies of a running process: opened, reloaded and drained together, with their log lines,
// metrics and the list of their connections.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/proxy/settings.h"
#include "libthrottle/server/proxy_metrics.h"
#include "libthrottle/telemetry/exposition.h"
#include "libthrottle/telemetry/log.h"
#include "libthrottle/uv/ledger_runtime.h"

namespace throttle::server {

class Proxies {
 public:
  // What it is given outlives it.
  Proxies(uv::Loop& loop, uv::LedgerRuntime& runtime, telemetry::Log log);
  ~Proxies();
  Proxies(const Proxies&) = delete;
  Proxies& operator=(const Proxies&) = delete;

  // At the start; the semaphores are configured. The first error names its proxy.
  Result<void> open(std::span<const proxy::Settings> settings);
  // Opens new ones, changes those that are there, and lets the connections of removed ones end.
  // The semaphores are configured already; a proxy that is there keeps its own. An address that
  // cannot be had is logged: a new proxy is not opened then, and one that is there goes on at its
  // old address.
  void reload(std::span<const proxy::Settings> settings);
  // Whether a proxy of this name is open; not one that was removed or could not be opened.
  bool has(std::string_view name) const;

  // Stops accepting and lets active connections end, each proxy within its drain timeout;
  // `on_drained` is called once, from the loop or at once.
  void drain(std::function<void()> on_drained);
  void close_now();

  // Of every name there was since the start: a proxy that is removed and one that comes back under
  // its name are one.
  void write_metrics(telemetry::Exposition& page) const;
  // Each proxy with its connections, as a JSON text; a removed one until the last has ended.
  std::string connections() const;

 private:
  class Service;
  Service* find(std::string_view name) const;  // null if there is none
  Result<void> open(const proxy::Settings& settings);
  void retire(std::unique_ptr<Service> service);
  void on_service_drained();

  uv::Loop& loop_;
  uv::LedgerRuntime& runtime_;
  telemetry::Log log_;
  // By name, never erased: a counter must not vanish before its last change was read.
  std::map<std::string, ProxyMetrics> metrics_;
  std::vector<std::unique_ptr<Service>> services_;
  std::vector<std::unique_ptr<Service>> retired_;  // until all that is theirs has ended
  std::size_t draining_ = 0;
  std::function<void()> on_drained_;
};

}  // namespace throttle::server
