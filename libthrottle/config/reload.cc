// Compares the settings in force with those of the file that is read again.
#include "libthrottle/config/reload.h"

#include <algorithm>
#include <concepts>
#include <optional>
#include <utility>

#include "libthrottle/config/setting_keys.h"
#include "libthrottle/core/check.h"

namespace throttle::config {
namespace {

std::optional<SemaphoreSettings> find_semaphore(const std::vector<SemaphoreSettings>& semaphores,
                                                std::string_view name) {
  const auto found = std::ranges::find(semaphores, name, &SemaphoreSettings::name);
  return found == semaphores.end() ? std::nullopt : std::optional(*found);
}

bool configures_nothing(const ServerSettings& settings) {
  return settings.semaphores.empty() && settings.proxies.empty();
}

void append(std::string& text, std::string_view separator, std::string_view part) {
  text.append(text.empty() ? "" : separator).append(part);
}

std::string text_of(QueueOrder order) {
  return order == QueueOrder::kFifo ? "fifo" : order == QueueOrder::kLifo ? "lifo" : "fair";
}
std::string text_of(std::integral auto number) {
  return std::to_string(number);
}

// "http.listen".
std::string path_of(const SettingTable& table, const SettingKey& key) {
  const std::string prefix = table.path.empty() ? "" : std::string(table.path) + '.';
  return prefix + std::string(key.name);
}

// "max 1 → 2, level 0 → 3"; empty if both are the same.
std::string difference(const SemaphoreSettings& from, const SemaphoreSettings& to) {
  std::string text;
  const auto compare = [&text](std::string_view key, const auto& before, const auto& after) {
    if (before == after) return;
    append(text, ", ", std::string(key) + ' ' + text_of(before) + " \u2192 " + text_of(after));
  };
  compare("max", from.full_count, to.full_count);
  compare("level", from.level, to.level);
  compare("order", from.order, to.order);
  compare("max_pending", from.max_pending, to.max_pending);
  return text;
}

// The names of `these` that are not among `those`.
template <typename T>
void append_missing(std::string& names, const std::vector<T>& these, const std::vector<T>& those) {
  for (const T& each : these)
    if (std::ranges::count(those, each.name, &T::name) == 0) append(names, ", ", each.name);
}

}  // namespace

std::string changes(const ServerSettings& present, const ServerSettings& wanted) {
  const auto before = semaphores_in_force(present);
  const auto after = semaphores_in_force(wanted);
  std::string text;
  for (const SemaphoreSettings& each : after) {
    const auto was = find_semaphore(before, each.name);
    const std::string changed = was ? difference(*was, each) : "";
    if (!changed.empty()) append(text, "; ", each.name + ": " + changed);
  }
  for (const proxy::Settings& each : wanted.proxies) {
    const auto was = std::ranges::find(present.proxies, each.name, &proxy::Settings::name);
    if (was != present.proxies.end() && *was != each)
      append(text, "; ", "proxy " + each.name + ": changed");
  }
  for (const SettingTable& table : setting_tables())
    for (const SettingKey& key : table.keys)
      if (key.effect == Effect::kAtReload && !key.equal(present, wanted))
        append(text, "; ", path_of(table, key) + ": changed");
  std::string added;
  append_missing(added, after, before);
  std::string gone;
  append_missing(gone, before, after);
  if (!added.empty()) append(text, "; ", "new: " + added);
  if (!gone.empty()) append(text, "; ", "gone: " + gone);
  return text;
}

Result<void> check_reload(const LoadedSettings& wanted, const ServerSettings& present) {
  if (wanted.has_semaphores_table || !configures_nothing(wanted.settings)) return {};
  if (configures_nothing(present)) return {};
  return fail(ErrorCode::kInvalidArgument,
              "no semaphore and no proxy is configured, which would retire all that are there now; "
              "if that is intended, write an empty table [semaphores]");
}

std::vector<std::string> keys_that_need_a_restart(const ServerSettings& present,
                                                  const ServerSettings& wanted) {
  std::vector<std::string> keys;
  for (const SettingTable& table : setting_tables()) {
    for (const SettingKey& key : table.keys) {
      if (key.effect == Effect::kAtReload || key.equal(present, wanted)) continue;
      keys.push_back(path_of(table, key));
    }
  }
  return keys;
}

ServerSettings with_reloadable_part(ServerSettings present, ServerSettings wanted) {
  for (const SettingTable& table : setting_tables())
    for (const SettingKey& key : table.keys)
      if (key.effect == Effect::kAtReload) key.copy(wanted, present);
  present.semaphores = std::move(wanted.semaphores);
  present.proxies = std::move(wanted.proxies);
  return present;
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
    auto kept = find_semaphore(before, change.kept);
    THROTTLE_CHECK(kept);
    wanted.semaphores.push_back(*std::move(kept));
  }
  return changes;
}

}  // namespace throttle::config
