// Wires the fixed pages to their routes.
#include "libthrottle/app/status_part.h"

#include <algorithm>
#include <utility>

#include "libthrottle/app/version.h"
#include "libthrottle/pages/log_metrics.h"
#include "libthrottle/pages/status.h"
#include "libthrottle/uv/descriptors.h"

namespace throttle::app {

StatusPart::StatusPart(const Context& context, Index index, Trouble trouble)
    : runtime_(context.runtime),
      logger_(context.logger),
      started_(std::chrono::system_clock::now()),
      reloads_{.last_success = started_},
      index_(index),
      trouble_(std::move(trouble)) {}

void StatusPart::add_routes(http::Router& router) {
  if (index_ == Index::kWelcome)
    pages::add_welcome(router, runtime_.ledger(), kVersion);
  else
    pages::add_route_list(router);
  pages::add_status(router, kVersion);
  router.add(http::Method::kGet, "/health",
             [this](const http::Call&) { return pages::health_page(readiness_); });
  router.add(http::Method::kGet, "/ready", [this](const http::Call& call) {
    pages::Readiness readiness = readiness_;
    readiness.grace_left = std::max(runtime_.grants_from() - call.now, Duration::zero());
    if (trouble_) readiness.trouble = trouble_();
    return pages::ready_page(readiness);
  });
}

void StatusPart::reload(config::ServerSettings& /*settings*/) {
  reloads_ = {.succeeded = true, .last_success = std::chrono::system_clock::now()};
}

void StatusPart::drain(TimePoint /*deadline*/, Drained on_drained) {
  readiness_.stopping = true;
  const Drained drained = std::move(on_drained);
  drained();
}

void StatusPart::write_metrics(TimePoint /*now*/, pages::MetricsPage& page) {
  pages::write_process({.version = kVersion,
                        .start = started_,
                        .usage = uv::process_usage(),
                        .open_descriptors = uv::open_descriptors(),
                        .most_descriptors = uv::descriptor_limit()},
                       page.short_families());
  pages::write_reloads(reloads_, page.short_families());
  pages::write_log(logger_, page.short_families());
}

}  // namespace throttle::app
