// A proxy in the log and in the metrics: its connections as they end, its commands, its notes.
//
// Lines that clients can trigger without end are limited: refusals and failures. Threads: the
// loop's.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "libthrottle/pages/proxy_metrics.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/telemetry/limited_line.h"
#include "libthrottle/telemetry/log.h"

namespace throttle::pages {

class ProxyLog final : public proxy::Reports {
 public:
  // `lines` and `metrics` outlive it.
  ProxyLog(telemetry::Log log, telemetry::LimitedLines& lines, std::string proxy,
           ProxyMetrics& metrics);
  ~ProxyLog() = default;

  void on_ended(const proxy::ConnectionRecord& record) noexcept override;
  void on_hook_line(const proxy::HookCall& hook, std::string_view line) noexcept override;
  void on_hook_done(const proxy::HookCall& hook, Duration took,
                    const Result<void>& verdict) noexcept override;
  void on_note(proxy::NoteWeight weight, std::string_view what) noexcept override;

 private:
  // A line about a command and the client for which it runs.
  void write(telemetry::Level level, std::string_view message, const proxy::HookCall& hook,
             const std::same_as<telemetry::Field> auto&... more) const;

  telemetry::Log log_;
  std::string proxy_;
  ProxyMetrics& metrics_;
  telemetry::LimitedLine refused_;
  telemetry::LimitedLine failed_;
};

}  // namespace throttle::pages
