// The proxies of a process: opened, reloaded and drained together, with their metrics and the list
// of their connections.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/app/part.h"
#include "libthrottle/pages/connections.h"
#include "libthrottle/pages/proxy_metrics.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::app {

class ProxiesPart final : public Part {
 public:
  // Hears of each connection that is over.
  using Witness = std::function<void(std::string_view proxy, const proxy::ConnectionRecord&)>;

  ProxiesPart(const Context& context, Witness witness);
  ~ProxiesPart() override;

  // /connections.
  void add_routes(http::Router& router) override;
  // Of every name there was since the start: a proxy that is removed and one that comes back under
  // its name are one.
  void write_metrics(TimePoint now, pages::MetricsPage& page) override;

  // The semaphores are configured. The first error names its proxy.
  Result<void> start(const config::ServerSettings& settings) override;
  void announce(const config::ServerSettings& settings) const override;
  std::vector<Listener> listeners() const override;
  // Opens new ones, changes those that are there, and lets the connections of removed ones end.
  // The semaphores are configured already, and a proxy that is there keeps its own. If an address
  // cannot be listened on, a new proxy is not opened, and one that is there stays at its old
  // addresses.
  void reload(config::ServerSettings& settings) override;

  // Of the proxies, the longest drain timeout.
  Duration drain_time() const override;
  // Stops accepting and lets active connections end, each proxy within its own drain timeout.
  void drain(TimePoint deadline, Drained on_drained) override;
  void close_now() override;
  std::size_t open_count() const override;

  // Which service does not answer, and why; empty if all do, as far as is known.
  std::string trouble() const;

 private:
  class Proxy;
  using Proxies = std::vector<std::unique_ptr<Proxy>>;
  using LogWriter = void (telemetry::Log::*)(std::string_view, telemetry::Fields) const noexcept;

  Proxy* find(std::string_view name) const;  // an open one; null if there is none
  const Proxy* find(std::uint64_t number) const;
  Result<void> open(const proxy::Settings& settings);
  // Opens it, or changes the one that is there.
  Result<void> apply(const proxy::Settings& settings);
  void log_ready(const Proxy& proxy, LogWriter write) const;
  void retire_removed(std::span<const proxy::Settings> wanted);
  void retire(std::unique_ptr<Proxy> proxy);
  void on_proxy_drained();
  std::vector<pages::ShownProxy> shown() const;
  void visit(const std::function<void(Proxy&)>& visit) const;  // open ones, then retired ones
  // An open proxy to which another one connects, as far as it is known where that one does.
  Proxy* next_after(const Proxy& proxy) const;
  void warn_of_loops();

  Context context_;
  Witness witness_;
  telemetry::Log log_;
  // By name, never erased: a counter must not vanish before its last change was read.
  std::map<std::string, pages::ProxyMetrics> metrics_;
  std::uint64_t opened_ = 0;  // proxies so far
  Proxies open_;
  Proxies retired_;               // until all that is theirs has ended
  std::set<std::string> warned_;  // of these ways
  std::size_t draining_ = 0;
  Drained on_drained_;
};

}  // namespace throttle::app
