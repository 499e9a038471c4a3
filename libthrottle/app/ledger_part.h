// The ledger as a part: its semaphores come from the settings, it is paused and resumed, and its
// events go to the log and to the metrics.
// Threads: the loop's.
#pragma once

#include <span>
#include <vector>

#include "libthrottle/app/part.h"
#include "libthrottle/pages/ledger_log.h"
#include "libthrottle/pages/ledger_metrics.h"

namespace throttle::app {

class LedgerPart final : public Part {
 public:
  explicit LedgerPart(const Context& context);

  void write_metrics(TimePoint now, pages::MetricsPage& page) override;
  Result<void> start(const config::ServerSettings& settings) override;
  void reload(config::ServerSettings& settings) override;
  void pause() override;
  void resume() override;

  // An operator ends what a peer has, before the ledger does.
  void on_kick(const lease::Kick& kick) { log_.on_kick(kick); }

 private:
  void observe(std::span<const LedgerEvent> events);
  void apply(const config::ServerSettings& settings);

  uv::LedgerRuntime& runtime_;
  pages::LedgerMetrics metrics_;
  pages::LedgerMetrics::Histograms histograms_ = pages::LedgerMetrics::Histograms::kWritten;
  std::vector<SemaphoreSettings> semaphores_;  // in force
  pages::LedgerLog log_;
  LedgerHub::Subscription subscription_;
};

}  // namespace throttle::app
