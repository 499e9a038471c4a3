// Brings the lease door together with the clock, the ledger's events and the HTTP server.
#include "libthrottle/app/lease_part.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/pages/leases.h"
#include "libthrottle/pages/limit_metrics.h"
#include "libthrottle/uv/clock.h"

namespace throttle::app {

LeasePart::LeasePart(const Context& context, lease::KickWitness witness)
    : runtime_(context.runtime),
      log_(context.logger.target("app")),
      door_(context.runtime.ledger()),
      timer_(context.loop, uv::bound<&LeasePart::on_due>(this)) {
  door_.set_kick_witness(std::move(witness));
  subscription_ =
      runtime_.hub().add_observer([this](std::span<const LedgerEvent> events) { observe(events); });
}

void LeasePart::add_routes(http::Router& router) {
  door_.add_routes(router);
  pages::add_leases_route(router, runtime_.ledger());
}

Result<void> LeasePart::start(const config::ServerSettings& settings) {
  set_bounds(settings);
  const bool leases_may_be_long = settings.max_expires_in == kForever;
  if (settings.startup_grace == Duration::zero() && leases_may_be_long &&
      !settings.semaphores.empty()) {
    log_.warn(
        "startup_grace is 0: after a restart, what a client still holds may be granted to another "
        "one. Set it a little above the heartbeat interval of the clients.");
  }
  return {};
}

void LeasePart::reload(config::ServerSettings& settings) {
  set_bounds(settings);
}

void LeasePart::set_bounds(const config::ServerSettings& settings) {
  max_peers_ = settings.max_peers;
  door_.set_bounds({.peers = max_peers_, .expires_in = settings.max_expires_in});
}

void LeasePart::write_metrics(TimePoint /*now*/, pages::MetricsPage& page) {
  pages::write_max_peers(max_peers_, page.short_families());
}

void LeasePart::observe(std::span<const LedgerEvent> events) {
  door_.observe(events);
  deliver();
}

void LeasePart::deliver() {
  for (lease::Answer& answer : door_.take_answers()) {
    THROTTLE_CHECK(responder_ != nullptr);
    responder_->respond(answer.exchange, std::move(answer.response));
  }
  timer_.arm(door_.next_deadline());
}

void LeasePart::abandon(http::ExchangeId exchange) {
  door_.abandon(exchange);
  timer_.arm(door_.next_deadline());
}

void LeasePart::stop_parking() {
  door_.stop_parking();
  deliver();
}

void LeasePart::on_due() {
  const TimePoint now = uv::now();
  // What becomes free at this very instant is granted before a wait is answered "pending".
  runtime_.ledger().advance(now);
  runtime_.hub().settle();
  door_.advance(now);
  deliver();
}

}  // namespace throttle::app
