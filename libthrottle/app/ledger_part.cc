// Configures and pauses the ledger, and observes it for the log and the metrics.
#include "libthrottle/app/ledger_part.h"

#include "libthrottle/pages/limit_metrics.h"
#include "libthrottle/uv/clock.h"

namespace throttle::app {

LedgerPart::LedgerPart(const Context& context)
    : runtime_(context.runtime),
      log_(context.runtime.ledger(), context.logger.target("ledger"), context.limited_lines) {
  subscription_ =
      runtime_.hub().add_observer([this](std::span<const LedgerEvent> events) { observe(events); });
}

void LedgerPart::observe(std::span<const LedgerEvent> events) {
  metrics_.observe(events);
  log_.observe(events);
}

void LedgerPart::write_metrics(TimePoint now, pages::MetricsPage& page) {
  runtime_.ledger().advance(now);
  metrics_.write(runtime_.ledger(), page, histograms_);
  pages::write_max_pending(semaphores_, page);
}

Result<void> LedgerPart::start(const config::ServerSettings& settings) {
  apply(settings);
  return {};
}

void LedgerPart::reload(config::ServerSettings& settings) {
  apply(settings);
}

void LedgerPart::apply(const config::ServerSettings& settings) {
  using pages::LedgerMetrics;
  histograms_ = settings.histograms ? LedgerMetrics::Histograms::kWritten
                                    : LedgerMetrics::Histograms::kLeftOut;
  semaphores_ = config::semaphores_in_force(settings);
  runtime_.ledger().configure(uv::now(), semaphores_);
}

void LedgerPart::pause() {
  runtime_.ledger().pause_all();
}

void LedgerPart::resume() {
  runtime_.ledger().resume_all(uv::now());
}

}  // namespace throttle::app
