#include "libthrottle/server/lease_server.h"

#include <algorithm>
#include <utility>

#include "libthrottle/server/version.h"
#include "libthrottle/server/welcome.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/listen_on_each.h"

namespace throttle::server {

namespace {

constexpr Duration kLogInterval = std::chrono::seconds(10);

telemetry::HttpCounts counts_of(const http::Counters& http) {
  const auto& late = http.timed_out;
  const auto& rejected = http.rejected;
  return {.open_connections = http.open_connections,
          .accepted_connections = http.accepted_connections,
          .accept_pauses = http.full,
          .refused_clients = http.refused_clients,
          .accept_failures = http.accept_failures,
          .received_bytes = http.received_bytes,
          .sent_bytes = http.sent_bytes,
          .abandoned_requests = http.abandoned,
          .timeouts = {{"idle", late.idle},
                       {"head", late.head},
                       {"body", late.body},
                       {"write", late.write}},
          .rejections = {{"400", rejected.malformed_400},
                         {"408", rejected.late_408},
                         {"413", rejected.long_body_413},
                         {"414", rejected.long_target_414},
                         {"431", rejected.long_head_431}}};
}

bool wants_html(const http::Request& request) {
  return request.accept.find("text/html") != std::string_view::npos;
}

}  // namespace

http::Limits http_limits(const config::HttpSettings& settings) {
  http::Limits limits;
  limits.head_bytes = settings.max_header_bytes;
  limits.body_bytes = settings.max_body_bytes;
  limits.connections = settings.max_connections;
  limits.per_client.max_per_client = settings.max_per_client;
  limits.head_time = settings.header_timeout;
  limits.body_time = settings.body_timeout;
  limits.idle_time = settings.idle_timeout;
  limits.write_time = settings.write_timeout;
  return limits;
}

Result<std::unique_ptr<LeaseServer>> LeaseServer::open(const Surroundings& surroundings,
                                                       const config::HttpSettings& settings,
                                                       Role role) {
  std::unique_ptr<LeaseServer> server(new LeaseServer(surroundings, http_limits(settings), role));
  if (auto listening = server->listen(settings.listen); !listening) {
    return tl::unexpected(listening.error());
  }
  return server;
}

LeaseServer::LeaseServer(const Surroundings& surroundings, const http::Limits& limits, Role role)
    : runtime_(surroundings.runtime),
      logger_(surroundings.logger),
      proxies_(surroundings.proxies),
      log_(surroundings.logger.target("http")),
      started_(std::chrono::system_clock::now()),
      ledger_log_(surroundings.runtime.ledger(), surroundings.logger.target("ledger")),
      door_(surroundings.runtime.ledger()),
      refused_(log_, telemetry::Level::kWarn, "refused a request", kLogInterval),
      accept_failed_(log_, telemetry::Level::kError, "cannot accept connections", kLogInterval),
      timer_(surroundings.loop, uv::bound<&LeaseServer::on_due>(this)),
      http_(surroundings.loop, limits, *this) {
  if (role == Role::kLeases)
    add_lease_routes();
  else
    add_index_route();
  add_status_routes();
  subscription_ =
      runtime_.hub().add_observer([this](std::span<const LedgerEvent> events) { observe(events); });
}

LeaseServer::~LeaseServer() = default;

Result<void> LeaseServer::listen(const HostPort& where) {
  const auto listening = uv::listen_on_each(
      where, [this](const SocketAddress& address) { return http_.listen(address); });
  if (!listening) return tl::unexpected(listening.error());
  address_ = *listening;
  return {};
}

void LeaseServer::add_lease_routes() {
  using http::Call;
  using http::Method;
  using http::Response;
  door_.add_routes(router_);
  router_.add(Method::kGet, "/", [this](const Call& call) {
    if (!wants_html(call.request)) return Response{.body = welcome_text(kVersion)};
    return Response{.content_type = http::kHtmlType,
                    .body = welcome_page(kVersion, runtime_.ledger().semaphores())};
  });
}

void LeaseServer::add_index_route() {
  router_.add(http::Method::kGet, "/", [](const http::Call&) {
    return http::Response{.body = "/health\n/version\n/metrics\n/connections\n"};
  });
}

void LeaseServer::add_status_routes() {
  using http::Call;
  using http::Method;
  using http::Response;
  router_.add(Method::kGet, "/health", [](const Call&) { return Response{.body = "Ok"}; });
  router_.add(Method::kGet, "/version",
              [](const Call&) { return Response{.body = std::string(kVersion)}; });
  router_.add(Method::kGet, "/metrics",
              [this](const Call& call) { return metrics_page(call.now); });
  router_.add(Method::kGet, "/connections", [this](const Call&) {
    return Response{.content_type = http::kJsonType, .body = proxies_.connections()};
  });
  const auto icon = [](const Call&) {
    return Response{.content_type = "image/x-icon", .body = favicon()};
  };
  router_.add(Method::kGet, "/favicon.ico", icon);
  router_.add(Method::kGet, "/favicon", icon);
  router_.set_not_found([](const Call&) {
    return Response{.status = 404, .content_type = http::kHtmlType, .body = not_found_page()};
  });
}

std::optional<http::Response> LeaseServer::on_request(const http::Request& request,
                                                      http::ExchangeId exchange, TimePoint now) {
  http::Router::Dispatch dispatch = router_.dispatch(request, exchange, now);
  if (!dispatch.response) parked_.emplace(exchange, Origin{request.method, dispatch.route});
  runtime_.hub().settle();
  deliver();
  arm();
  if (dispatch.response) note(request, dispatch.route, *dispatch.response, now);
  return std::move(dispatch.response);
}

void LeaseServer::note(const http::Request& request, std::string_view route,
                       const http::Response& response, TimePoint now) {
  const std::string_view method = http::to_string(request.method);
  request_metrics_.count(method, route, response.status);
  log_.debug("request", {{"method", method}, {"path", request.path}, {"status", response.status}});
  if (response.status < 400 || route.empty()) return;
  const std::string about = response.about.empty() ? "" : ": " + response.about;
  refused_.write(now, {{"method", method},
                       {"path", request.path},
                       {"status", response.status},
                       {"reason", response.body + about},
                       {"client", request.client.to_string()}});
}

void LeaseServer::on_abandoned(http::ExchangeId exchange) {
  door_.abandon(exchange);
  parked_.erase(exchange);
  arm();
}

void LeaseServer::on_accept_failed(const Error& error) {
  accept_failed_.write(uv::now(), {{"reason", error.message}});
}

void LeaseServer::on_stopped() {
  on_stopped_();
}

void LeaseServer::observe(std::span<const LedgerEvent> events) {
  ledger_metrics_.observe(events);
  ledger_log_.observe(events);
  door_.observe(events);
  deliver();
}

// Answers the parked requests whose time has come.
void LeaseServer::deliver() {
  for (lease::Answer& answer : door_.take_answers()) {
    if (const auto origin = parked_.find(answer.exchange); origin != parked_.end()) {
      request_metrics_.count(http::to_string(origin->second.method), origin->second.route,
                             answer.response.status);
      parked_.erase(origin);
    }
    http_.respond(answer.exchange, std::move(answer.response));
  }
}

void LeaseServer::on_due() {
  const TimePoint now = uv::now();
  // What becomes free at this very instant is granted before a wait is answered "pending".
  runtime_.ledger().advance(now);
  runtime_.hub().settle();
  door_.advance(now);
  ledger_log_.advance(now);
  refused_.advance(now);
  accept_failed_.advance(now);
  deliver();
  arm();
}

void LeaseServer::arm() {
  timer_.arm(std::min({door_.next_deadline(), ledger_log_.next_deadline(), refused_.next_deadline(),
                       accept_failed_.next_deadline()}));
}

http::Response LeaseServer::metrics_page(TimePoint now) {
  runtime_.ledger().advance(now);
  telemetry::Exposition page;
  ledger_metrics_.write(runtime_.ledger(), page);
  proxies_.write_metrics(page);
  request_metrics_.write(page);
  telemetry::HttpCounts counts = counts_of(http_.counters());
  counts.parked_requests = door_.parked_count();
  telemetry::write_http(counts, page);
  telemetry::write_process({.version = kVersion, .start = started_}, page);
  telemetry::write_log(logger_, page);
  return {.content_type = telemetry::kExpositionType, .body = page.text()};
}

void LeaseServer::stop(std::function<void()> on_stopped) {
  on_stopped_ = std::move(on_stopped);
  door_.stop_parking();
  deliver();
  arm();
  http_.stop();
}

void LeaseServer::close_now() {
  http_.close_connections();
}

}  // namespace throttle::server
