// Requests in, responses out: the bridge between the HTTP server, the router and the ledger's turn.
#include "libthrottle/app/http_part.h"

#include <utility>

#include "libthrottle/app/ready_line.h"
#include "libthrottle/core/check.h"
#include "libthrottle/http/forwarded.h"
#include "libthrottle/http/stranger.h"
#include "libthrottle/pages/limit_metrics.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/listen_on_each.h"

namespace throttle::app {

namespace {

// People read texts in a terminal, so they end their line; except two, which published clients
// compare byte by byte.
void end_line(http::Response& response) {
  const bool compared = response.body == "Unknown peer" || response.body == "Unknown semaphore";
  if (response.status < 400 || compared || response.content_type != http::kTextType) return;
  if (!response.body.empty() && response.body.back() != '\n') response.body += '\n';
}

// What refusals have in common that a reader of the log need not see apart: the text without the
// numbers outside of quotes, and with the names of semaphores.
std::string cause_of(const http::Response& response) {
  std::string cause;
  bool quoted = false;
  for (const char c : response.body) {
    quoted ^= c == '"';
    const bool of_a_number = c == '-' || (c >= '0' && c <= '9');
    if (quoted || !of_a_number) cause += c;
  }
  return cause + '\n' + response.about;
}

// Load balancers may have any number of connections.
http::Limits limits_of(const http::Settings& settings) {
  http::Limits limits = settings.limits;
  for (const IpNetwork& network : settings.trusted_proxies)
    limits.per_client.overrides.push_back({network, ConnectionLimiter::kUnlimited});
  return limits;
}

http::Response too_many_of_one_client() {
  http::Response response{
      .status = 429,
      .body =
          "This client has as many requests in progress as it may (max_per_client). Try again "
          "when one of them is answered.\n"};
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

HttpPart::HttpPart(const Context& context, Options options, const config::ServerSettings& settings)
    : loop_(context.loop),
      runtime_(context.runtime),
      app_log_(context.logger.target("app")),
      log_(context.logger.target("http")),
      options_(std::move(options)),
      drain_time_(settings.drain_timeout),
      hosts_(settings.http.hosts),
      limits_(settings.http.limits),
      trusted_(settings.http.trusted_proxies),
      forwarded_(settings.http.limits.per_client),
      refused_(context.limited_lines, log_, telemetry::Level::kWarn, "refused a request"),
      accept_failed_(context.limited_lines, log_, telemetry::Level::kError,
                     "cannot accept connections"),
      bad_header_(context.limited_lines, log_, telemetry::Level::kWarn,
                  "ignored a malformed Forwarded or X-Forwarded-For header"),
      bad_proxy_header_(context.limited_lines, log_, telemetry::Level::kWarn,
                        "closed a connection without a valid PROXY header (accept_proxy)"),
      drain_timer_(context.loop, uv::bound<&HttpPart::on_drain_timeout>(this)),
      server_(context.loop, limits_of(settings.http), *this, settings.http.accept_proxy) {}

HttpPart::~HttpPart() = default;

void HttpPart::serve(Part& part) {
  THROTTLE_CHECK(!address_);
  part.add_routes(router_);
  served_.push_back(&part);
}

void HttpPart::serve_later(LateAnswers& answers) {
  THROTTLE_CHECK(!address_);
  answers.answer_through(*this);
  late_.push_back(&answers);
}

void HttpPart::add_routes(http::Router& router) {
  router.add(http::Method::kGet, "/metrics",
             [this](const http::Call& call) { return metrics_page(call.now); });
}

Result<void> HttpPart::start(const config::ServerSettings& /*settings*/) {
  THROTTLE_CHECK(!address_);
  const auto listening =
      uv::listen_on_each(loop_, options_.listen,
                         [this](const SocketAddress& address) { return server_.listen(address); });
  if (!listening) return tl::unexpected(listening.error());
  address_ = *listening;
  return {};
}

void HttpPart::announce(const config::ServerSettings& settings) const {
  THROTTLE_CHECK(address_);
  const Endpoint where(*address_);
  app_log_.announce("ready", {{"address", where.to_string()},
                              {"listens", reach_of({&where, 1})},
                              {"semaphores", settings.semaphores.size()}});
}

std::vector<Listener> HttpPart::listeners() const {
  if (!address_) return {};
  return {{options_.name, *address_}};
}

void HttpPart::reload(config::ServerSettings& settings) {
  drain_time_ = settings.drain_timeout;
}

std::optional<http::Response> HttpPart::on_request(const http::Request& request,
                                                   http::ExchangeId exchange, TimePoint now) {
  if (trusted_.empty()) return serve_request(request, exchange, now);
  const http::Request forwarded = of_real_client(request, now);
  return serve_request(forwarded, exchange, now);
}

http::Request HttpPart::of_real_client(const http::Request& request, TimePoint now) {
  const http::RealClient real = http::real_client(request, trusted_);
  if (real.is_malformed) {
    bad_header_.write(now, {{"balancer", request.client.to_string()},
                            {"client", real.address.to_string()},
                            {"forwarded", request.forwarded},
                            {"x_forwarded_for", request.forwarded_for}});
  }
  http::Request forwarded = request;
  forwarded.client = real.address;
  forwarded.is_forwarded = real.is_forwarded || real.is_malformed;
  return forwarded;
}

std::optional<http::Response> HttpPart::serve_request(const http::Request& request,
                                                      http::ExchangeId exchange, TimePoint now) {
  std::optional<ConnectionLimiter::Permit> permit;
  if (request.is_forwarded) permit = forwarded_.accept(request.client.ip);
  const bool one_too_many = request.is_forwarded && !permit;
  for (LateAnswers* const answers : late_)
    answers->begin_request(now);
  runtime_.hub().settle();
  http::Router::Dispatch dispatch = one_too_many
                                        ? http::Router::Dispatch{too_many_of_one_client(), {}}
                                        : this->dispatch(request, exchange, now);
  if (!dispatch.response) {
    const bool is_new =
        parked_.emplace(exchange, Origin{request.method, dispatch.route, std::move(permit)}).second;
    THROTTLE_CHECK(is_new);
  }
  runtime_.hub().settle();
  deliver();
  if (dispatch.response) {
    record(request, dispatch.route, *dispatch.response, now);
    end_line(*dispatch.response);
  }
  return std::move(dispatch.response);
}

http::Router::Dispatch HttpPart::dispatch(const http::Request& request, http::ExchangeId exchange,
                                          TimePoint now) const {
  THROTTLE_CHECK(address_);
  const SocketAddress& reached = request.destination ? *request.destination : *address_;
  const http::OwnNames names{.on_loopback = reached.ip.is_loopback(), .further = hosts_};
  if (auto refused = http::refuse_stranger(request, names)) return {std::move(refused), {}};
  return router_.dispatch(request, exchange, now);
}

void HttpPart::record(const http::Request& request, std::string_view route,
                      const http::Response& response, TimePoint now) {
  const std::string_view method = http::to_string(request.method);
  request_metrics_.count(method, route, response.status);
  log_.debug("request", {{"method", method}, {"path", request.path}, {"status", response.status}});
  if (response.status < 400 || route.empty()) return;
  const std::string about = response.about.empty() ? "" : ": " + response.about;
  refused_.write(now,
                 {{"method", method},
                  {"path", request.path},
                  {"status", response.status},
                  {"reason", response.body + about},
                  {"client", request.client.to_string()}},
                 cause_of(response));
}

void HttpPart::on_abandoned(http::ExchangeId exchange) {
  for (LateAnswers* const answers : late_)
    answers->abandon(exchange);
  parked_.erase(exchange);
}

void HttpPart::on_accept_failed(const Error& error) {
  accept_failed_.write(uv::now(), {{"reason", error.message}});
}

void HttpPart::on_bad_proxy_header(const SocketAddress& balancer, std::string_view reason) {
  bad_proxy_header_.write(uv::now(), {{"balancer", balancer.to_string()}, {"reason", reason}});
}

void HttpPart::deliver() {
  for (LateAnswers* const answers : late_)
    answers->deliver();
}

void HttpPart::respond(http::ExchangeId exchange, http::Response response) {
  if (const auto origin = parked_.find(exchange); origin != parked_.end()) {
    request_metrics_.count(http::to_string(origin->second.method), origin->second.route,
                           response.status);
    parked_.erase(origin);
  }
  end_line(response);
  server_.respond(exchange, std::move(response));
}

void HttpPart::resume_answer(http::ExchangeId exchange) {
  server_.resume(exchange);
}

void HttpPart::write_metrics(TimePoint /*now*/, pages::MetricsPage& page) {
  request_metrics_.write(page.short_families());
  pages::write_http(server_.counters(), parked_.size(), page.short_families());
  pages::write_http_limits(limits_, page.short_families());
}

http::Response HttpPart::metrics_page(TimePoint now) {
  auto page = std::make_unique<pages::MetricsPage>();
  for (Part* const part : served_)
    part->write_metrics(now, *page);
  http::Response response{.content_type = telemetry::kExpositionType};
  response.flow_bound = http::FlowBound::kMonitoring;
  response.producer = std::move(page);
  return response;
}

void HttpPart::drain(TimePoint deadline, Drained on_drained) {
  THROTTLE_CHECK(!on_drained_);
  on_drained_ = std::move(on_drained);
  drain_timer_.arm(deadline);
  for (LateAnswers* const answers : late_)
    answers->stop_parking();
  server_.stop();
}

void HttpPart::on_drain_timeout() {
  log_.warn("some requests did not end within the drain timeout and are cut off");
  server_.close_connections();
}

void HttpPart::on_stopped() {
  drain_timer_.disarm();
  on_drained_();
}

void HttpPart::close_now() {
  server_.close_connections();
}

std::size_t HttpPart::open_count() const {
  return server_.counters().open_connections;
}

}  // namespace throttle::app
