// The settings of a process, gathered from the rooms that own them: plain values with their
// defaults.
//
// The keys of the configuration file are the rows of setting_keys.cc and proxy_keys.cc;
// examples/throttle.toml explains each of them. Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/settings.h"
#include "libthrottle/journal/settings.h"
#include "libthrottle/pages/settings.h"
#include "libthrottle/proxy/settings.h"
#include "libthrottle/telemetry/settings.h"

namespace throttle::config {

using telemetry::LineFormat;

inline constexpr std::string_view kLogFormats = R"("text" or "json")";
// Error kInvalidArgument: neither of them.
Result<LineFormat> parse_log_format(std::string_view text);

struct ServerSettings {
  http::Settings http;                        // [http]
  std::vector<SemaphoreSettings> semaphores;  // [semaphores], in the order of their names
  Duration startup_grace{};                   // for this long after the start nothing is granted
  std::size_t max_peers = 1'000'000;          // more are refused over HTTP
  Duration max_expires_in = kForever;         // later expiries are refused over HTTP
  bool histograms = true;                     // of each semaphore, on the page /metrics
  Duration drain_timeout = std::chrono::milliseconds(1500);  // for open requests when stopping
  telemetry::Settings logging;                               // [logging]
  journal::Settings journal;                                 // [journal]
  pages::EventSettings events;                               // [events]
  std::vector<proxy::Settings> proxies;  // [proxy.NAME], in the order of their names
  std::optional<HostPort>
      status;  // [proxy_status]: where throttle-proxy shows its status over HTTP

  bool operator==(const ServerSettings&) const = default;
};

// The semaphores of the ledger: the configured ones, and those of the proxies that have their own.
std::vector<SemaphoreSettings> semaphores_in_force(const ServerSettings& settings);

}  // namespace throttle::config
