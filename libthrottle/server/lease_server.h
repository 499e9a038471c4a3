// The HTTP server of a process: what people and monitoring ask for (greeting, health, version,
// metrics, connections of the proxies), and for throttle-server the lease protocol.
//
// A request is dispatched, the ledger's events are handed on, and whatever parked request they
// answer is answered in the same turn. Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "libthrottle/config/settings.h"
#include "libthrottle/core/result.h"
#include "libthrottle/http/router.h"
#include "libthrottle/http/server.h"
#include "libthrottle/lease/lease_door.h"
#include "libthrottle/server/ledger_log.h"
#include "libthrottle/server/proxies.h"
#include "libthrottle/telemetry/ledger_metrics.h"
#include "libthrottle/telemetry/logger.h"
#include "libthrottle/telemetry/server_metrics.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "libthrottle/uv/timer.h"

namespace throttle::server {

// What the settings say, as the HTTP server wants it.
http::Limits http_limits(const config::HttpSettings& settings);

class LeaseServer final : private http::Server::Receiver {
 public:
  struct Surroundings {
    uv::Loop& loop;
    uv::LedgerRuntime& runtime;
    const telemetry::Logger& logger;
    const Proxies& proxies;
  };

  enum class Role : std::uint8_t {
    kLeases,  // semaphores as a service, and all the rest
    kStatus,  // only what shows how the process is
  };

  // Listens and serves. What it is given outlives it. Errors: those of resolving and listening,
  // naming the address.
  static Result<std::unique_ptr<LeaseServer>> open(const Surroundings& surroundings,
                                                   const config::HttpSettings& settings,
                                                   Role role = Role::kLeases);
  ~LeaseServer();
  LeaseServer(const LeaseServer&) = delete;
  LeaseServer& operator=(const LeaseServer&) = delete;

  // Where it listens, with the real port.
  const SocketAddress& local_address() const { return address_; }

  // Accepts nothing more, answers parked requests "pending", lets the others finish, and then calls
  // `on_stopped`, once.
  void stop(std::function<void()> on_stopped);
  // Closes all connections now.
  void close_now();

 private:
  LeaseServer(const Surroundings& surroundings, const http::Limits& limits, Role role);
  Result<void> listen(const HostPort& where);

  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId exchange,
                                           TimePoint now) override;
  void on_abandoned(http::ExchangeId exchange) override;
  void on_accept_failed(const Error& error) override;
  void on_stopped() override;

  void add_lease_routes();
  void add_index_route();
  void add_status_routes();
  // Counts and logs a request that was answered at once.
  void note(const http::Request& request, std::string_view route, const http::Response& response,
            TimePoint now);
  void observe(std::span<const LedgerEvent> events);
  void deliver();
  void on_due();
  void arm();
  http::Response metrics_page(TimePoint now);

  // What is remembered of a request that is answered later, for the metrics.
  struct Origin {
    http::Method method;
    std::string_view route;
  };

  uv::LedgerRuntime& runtime_;
  const telemetry::Logger& logger_;
  const Proxies& proxies_;
  telemetry::Log log_;
  telemetry::WallTime started_;
  telemetry::LedgerMetrics ledger_metrics_;
  telemetry::RequestMetrics request_metrics_;
  LedgerLog ledger_log_;
  lease::LeaseDoor door_;
  http::Router router_;
  std::unordered_map<http::ExchangeId, Origin> parked_;
  telemetry::LimitedLine refused_;
  telemetry::LimitedLine accept_failed_;
  uv::Timer timer_;
  http::Server http_;
  SocketAddress address_;
  std::function<void()> on_stopped_;
  LedgerHub::Subscription subscription_;
};

}  // namespace throttle::server
