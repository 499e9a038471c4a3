// The process in numbers, for the metrics page. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "libthrottle/telemetry/exposition.h"
#include "libthrottle/telemetry/log.h"
#include "libthrottle/uv/process_usage.h"

namespace throttle::pages {

// Build and start of the process, and what it uses now. The names are Prometheus' own conventions.
// What is empty is left out.
struct ProcessFacts {
  std::string_view version;
  telemetry::WallTime start;
  uv::ProcessUsage usage = {};
  std::optional<std::size_t> open_descriptors = {};
  std::optional<std::size_t> most_descriptors = {};
};
void write_process(const ProcessFacts& facts, telemetry::Exposition& page);

// The latest attempt to put a configuration in force; the start is the first one.
struct ReloadFacts {
  bool succeeded = true;
  telemetry::WallTime last_success;
};
void write_reloads(const ReloadFacts& facts, telemetry::Exposition& page);

}  // namespace throttle::pages
