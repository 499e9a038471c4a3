// Brings the backlog of events and its streams together with the clocks, the ledger and the server.
#include "libthrottle/app/events_part.h"

#include <chrono>

#include "libthrottle/app/version.h"
#include "libthrottle/core/check.h"
#include "libthrottle/pages/json_text.h"
#include "libthrottle/uv/clock.h"

namespace throttle::app {

namespace {

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

EventsPart::EventsPart(const Context& context, const Options& options)
    : runtime_(context.runtime),
      backlog_(context.runtime.ledger(), {.run = options.run,
                                          .capacity = options.settings.backlog,
                                          .started = context.runtime.started(),
                                          .grants_from = context.runtime.grants_from()}),
      streams_(backlog_, context.runtime.ledger(), options.settings,
               std::string(options.tool) + ' ' + std::string(kVersion)),
      comments_(context.loop, uv::bound<&EventsPart::wake>(this)) {}

void EventsPart::add_routes(http::Router& router) {
  router.add(http::Method::kGet, "/events", [this](const http::Call& call) {
    http::Response response = streams_.open(call, wall_us());
    comments_.arm(streams_.next_comment());
    return response;
  });
}

void EventsPart::write_metrics(TimePoint /*now*/, pages::MetricsPage& page) {
  streams_.write_metrics(page.short_families());
}

Result<void> EventsPart::start(const config::ServerSettings& /*settings*/) {
  set_clock();
  subscription_ =
      runtime_.hub().add_observer([this](std::span<const LedgerEvent> events) { observe(events); });
  return {};
}

void EventsPart::reload(config::ServerSettings& /*settings*/) {
  set_clock();
  backlog_.add(journal::Kind::kReloaded, uv::now());
  wake();
}

void EventsPart::on_reload_refused(const Error& mistakes) {
  std::string more;
  pages::append_json_member(more, "reason", mistakes.message);
  set_clock();
  backlog_.add(journal::Kind::kReloadRefused, uv::now(), std::move(more));
  wake();
}

void EventsPart::on_kick(const lease::Kick& kick) {
  set_clock();
  backlog_.add(kick);
}

void EventsPart::observe(std::span<const LedgerEvent> events) {
  set_clock();
  backlog_.observe(events);
  wake();
}

void EventsPart::set_clock() {
  backlog_.set_clock(uv::now(), wall_us());
}

void EventsPart::stop_parking() {
  streams_.stop();
  wake();
}

void EventsPart::wake() {
  THROTTLE_CHECK(responder_ != nullptr);
  streams_.wake(uv::now(),
                [this](http::ExchangeId exchange) { responder_->resume_answer(exchange); });
  comments_.arm(streams_.next_comment());
}

}  // namespace throttle::app
