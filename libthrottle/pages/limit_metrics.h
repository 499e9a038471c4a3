// The limits in force, for the metrics page, beside what they limit.
// Threads: one, the loop's.
#pragma once

#include <cstddef>
#include <span>

#include "libthrottle/core/ledger_types.h"
#include "libthrottle/http/limits.h"
#include "libthrottle/pages/metrics_page.h"

namespace throttle::pages {

// Those of an HTTP server.
void write_http_limits(const http::Limits& limits, telemetry::Exposition& page);

// How many peers there may be; more are refused over HTTP.
void write_max_peers(std::size_t most, telemetry::Exposition& page);

// How many requests may wait for each of these semaphores.
void write_max_pending(std::span<const SemaphoreSettings> semaphores, MetricsPage& page);

}  // namespace throttle::pages
