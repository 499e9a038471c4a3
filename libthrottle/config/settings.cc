#include "libthrottle/config/settings.h"

#include "libthrottle/core/text.h"

namespace throttle::config {

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return fail(ErrorCode::kInvalidArgument,
              "expected " + std::string(kLogFormats) + ", got " + quote(text));
}

std::vector<SemaphoreSettings> semaphores_in_force(const ServerSettings& settings) {
  std::vector<SemaphoreSettings> semaphores = settings.semaphores;
  for (const proxy::Settings& proxy : settings.proxies) {
    if (!proxy.semaphore.empty()) continue;
    semaphores.push_back({.name = proxy.name,
                          .full_count = proxy.max_connections,
                          .order = proxy.queue_order,
                          .max_pending = proxy.max_queue});
  }
  return semaphores;
}

}  // namespace throttle::config
