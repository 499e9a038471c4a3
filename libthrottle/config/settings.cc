// The values of settings, and the semaphores that follow from them.
#include "libthrottle/config/settings.h"

#include <algorithm>

#include "libthrottle/core/text.h"

namespace throttle::config {

Result<LineFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LineFormat::kText;
  if (text == "json") return LineFormat::kJson;
  return fail(ErrorCode::kInvalidArgument,
              "expected " + std::string(kLogFormats) + ", got " + quote(text));
}

namespace {

// Each connection with a place may be of another client.
Count extra_places(const proxy::Settings& proxy, const std::vector<SemaphoreSettings>& shared) {
  Count places = proxy.max_connections;
  for (const SemaphoreSettings& each : shared)
    if (each.name == proxy.semaphore) places = each.full_count;
  constexpr Count kMost = Count{1} << 31;
  const auto extra = static_cast<Count>(std::min<std::size_t>(proxy.extra_per_client, kMost));
  return std::clamp<Count>(places, 0, kMost) * extra;
}

}  // namespace

std::vector<SemaphoreSettings> semaphores_in_force(const ServerSettings& settings) {
  std::vector<SemaphoreSettings> semaphores = settings.semaphores;
  for (const proxy::Settings& proxy : settings.proxies) {
    if (proxy.extra_per_client > 0) {
      semaphores.push_back({.name = proxy.extra_semaphore_name(),
                            .full_count = extra_places(proxy, settings.semaphores)});
    }
    if (!proxy.semaphore.empty()) continue;
    semaphores.push_back({.name = proxy.name,
                          .full_count = proxy.max_connections,
                          .order = proxy.queue_order,
                          .max_pending = proxy.max_queue});
  }
  return semaphores;
}

}  // namespace throttle::config
