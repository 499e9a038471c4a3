// The HTTP server of a process: it serves the routes of the parts it is given, counts and logs
// requests, and gathers the metrics page.
//
// A request is handled in four steps: the ledger's events of before are settled, the request is
// dispatched, what it did to the ledger is settled, and parked requests that it answered are
// answered in the same turn.
//
// The client of a request that came through a trusted load balancer is the one that the balancer
// names. max_per_client then bounds its requests at a time instead of its connections, which are
// the balancer's. Where its headers are malformed or contradict each other, the requests are
// bounded for the balancer's address, so that no client gets rid of its limit by a header. Threads:
// the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libthrottle/app/late_answers.h"
#include "libthrottle/app/part.h"
#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/httpd/server.h"
#include "libthrottle/pages/http_metrics.h"
#include "libthrottle/uv/timer.h"

namespace throttle::app {

class HttpPart final : public Part, public Responder, private httpd::Server::Receiver {
 public:
  struct Options {
    std::string name;  // of its listener
    HostPort listen;   // for each address of the host
  };

  HttpPart(const Context& context, Options options, const config::ServerSettings& settings);
  ~HttpPart() override;

  // Adds the routes and metrics of a part. All of them before start(); the parts outlive it.
  void serve(Part& part);
  // Of the parts it serves, one that answers some requests later.
  void serve_later(LateAnswers& answers);

  void add_routes(http::Router& router) override;
  void write_metrics(TimePoint now, pages::MetricsPage& page) override;
  // Listens. Errors: those of resolving and listening, naming the address.
  Result<void> start(const config::ServerSettings& settings) override;
  void announce(const config::ServerSettings& settings) const override;
  std::vector<Listener> listeners() const override;
  void reload(config::ServerSettings& settings) override;
  Duration drain_time() const override { return drain_time_; }
  // Accepts nothing more, has parked requests answered, and lets the others finish.
  void drain(TimePoint deadline, Drained on_drained) override;
  void close_now() override;
  std::size_t open_count() const override;

  void respond(http::ExchangeId exchange, http::Response response) override;
  void resume_answer(http::ExchangeId exchange) override;

 private:
  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId exchange,
                                           TimePoint now) override;
  void on_abandoned(http::ExchangeId exchange) override;
  void on_accept_failed(const Error& error) override;
  void on_bad_proxy_header(const SocketAddress& balancer, std::string_view reason) override;
  void on_stopped() override;

  // A request of the client for which it is logged and counted.
  std::optional<http::Response> serve_request(const http::Request& request,
                                              http::ExchangeId exchange, TimePoint now);
  // As it came through a balancer: with the client that this one names.
  http::Request of_real_client(const http::Request& request, TimePoint now);
  // The router's answer, or the refusal of a stranger.
  http::Router::Dispatch dispatch(const http::Request& request, http::ExchangeId exchange,
                                  TimePoint now) const;
  void deliver();
  // Counts and logs a request that was answered at once.
  void record(const http::Request& request, std::string_view route, const http::Response& response,
              TimePoint now);
  void on_drain_timeout();
  http::Response metrics_page(TimePoint now);

  // What the metrics need of a request that is answered later.
  struct Origin {
    http::Method method;
    std::string_view route;
    std::optional<ConnectionLimiter::Permit> permit;
  };

  uv::Loop& loop_;
  uv::LedgerRuntime& runtime_;
  telemetry::Log app_log_;
  telemetry::Log log_;
  Options options_;
  Duration drain_time_;
  std::vector<std::string> hosts_;  // names of this server, beside those of loopback
  http::Limits limits_;
  std::vector<IpNetwork> trusted_;  // load balancers
  ConnectionLimiter forwarded_;     // requests that came through them, each as a connection
  pages::RequestMetrics request_metrics_;
  telemetry::LimitedLine refused_;
  telemetry::LimitedLine accept_failed_;
  telemetry::LimitedLine bad_header_;
  telemetry::LimitedLine bad_proxy_header_;
  http::Router router_;
  std::vector<Part*> served_;
  std::vector<LateAnswers*> late_;
  std::unordered_map<http::ExchangeId, Origin> parked_;
  uv::Timer drain_timer_;
  Drained on_drained_;
  std::optional<SocketAddress> address_;
  httpd::Server server_;
};

}  // namespace throttle::app
