// The families of the process: its build, its start, what it uses, and its configuration.
#include "libthrottle/pages/process_metrics.h"

#include <chrono>

namespace throttle::pages {
namespace {

using Seconds = std::chrono::duration<double>;

double since_epoch(telemetry::WallTime time) {
  return Seconds(time.time_since_epoch()).count();
}

void write_number(telemetry::Exposition& page, std::string_view name, std::string_view help,
                  const std::optional<std::size_t>& value) {
  if (value) page.gauge(name, help).add({}, static_cast<std::uint64_t>(*value));
}

}  // namespace

void write_process(const ProcessFacts& facts, telemetry::Exposition& page) {
  page.gauge("throttle_build_info", "Always 1; the labels say what runs.")
      .add({{"version", facts.version}}, std::uint64_t{1});
  page.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.")
      .add({}, since_epoch(facts.start));
  if (facts.usage.cpu) {
    page.counter("process_cpu_seconds_total", "Processor time used, in user and in kernel mode.")
        .add({}, Seconds(*facts.usage.cpu).count());
  }
  write_number(page, "process_resident_memory_bytes", "Memory of the process that is resident.",
               facts.usage.resident_bytes);
  write_number(page, "process_open_fds", "Open files and connections (Windows: handles).",
               facts.open_descriptors);
  write_number(page, "process_max_fds", "Limit of open files and connections.",
               facts.most_descriptors);
}

void write_reloads(const ReloadFacts& facts, telemetry::Exposition& page) {
  page.gauge("throttle_config_last_reload_successful",
             "1 if the latest configuration is in force, 0 if it was refused.")
      .add({}, std::uint64_t{facts.succeeded ? 1U : 0U});
  page.gauge("throttle_config_last_reload_success_timestamp_seconds",
             "When a configuration was put in force last, in seconds since 1970.")
      .add({}, since_epoch(facts.last_success));
}

}  // namespace throttle::pages
