#include "libthrottle/config/settings.h"

#include <algorithm>
#include <optional>

#include "libthrottle/core/text.h"

namespace throttle::config {
namespace {

std::optional<SemaphoreSettings> find_semaphore(const std::vector<SemaphoreSettings>& semaphores,
                                                std::string_view name) {
  const auto found = std::ranges::find(semaphores, name, &SemaphoreSettings::name);
  return found == semaphores.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

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

std::vector<KeptSemaphore> keep_semaphores(ServerSettings& wanted, const ServerSettings& present) {
  std::vector<KeptSemaphore> changes;
  for (proxy::Settings& proxy : wanted.proxies) {
    const auto running = std::ranges::find(present.proxies, proxy.name, &proxy::Settings::name);
    if (running == present.proxies.end()) continue;
    const std::string& kept = running->semaphore_name();
    if (proxy.semaphore_name() == kept) continue;
    changes.push_back({proxy.name, kept, proxy.semaphore_name()});
    proxy.semaphore = kept;
  }
  const std::vector<SemaphoreSettings> before = semaphores_in_force(present);
  for (const KeptSemaphore& change : changes) {
    if (find_semaphore(semaphores_in_force(wanted), change.kept)) continue;
    wanted.semaphores.push_back(*find_semaphore(before, change.kept));
  }
  return changes;
}

}  // namespace throttle::config
