// Reads each table by the rows of proxy_keys.cc, then compares the proxies with each other.
#include "libthrottle/config/proxy_tables.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/config/closest.h"
#include "libthrottle/config/listen_places.h"
#include "libthrottle/config/proxy_keys.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

std::vector<std::string> names_of(const std::vector<SemaphoreSettings>& semaphores) {
  std::vector<std::string> names;
  std::ranges::transform(semaphores, std::back_inserter(names), &SemaphoreSettings::name);
  return names;
}

bool has_semaphore(const ServerSettings& settings, std::string_view name) {
  return std::ranges::count(settings.semaphores, name, &SemaphoreSettings::name) > 0;
}

// Complains of a key that is there.
void complain(TableReader& table, std::string_view key, const std::string& text) {
  if (const Value* const value = table.find(key)) table.error(*value, key, text);
}

void check_shared_semaphore(TableReader& table, const ServerSettings& settings,
                            const proxy::Settings& proxy) {
  if (!has_semaphore(settings, proxy.semaphore)) {
    const std::vector<std::string> names = names_of(settings.semaphores);
    std::string text = "there is no " + quote(proxy.semaphore) + " under [semaphores]";
    const std::string_view meant = closest(proxy.semaphore, names);
    if (!meant.empty()) text += "; did you mean " + quote(meant) + '?';
    return complain(table, "semaphore", text);
  }
  constexpr std::pair<std::string_view, std::string_view> kOfTheSemaphore[] = {
      {"max_connections", "max"}, {"queue_order", "order"}, {"max_queue", "max_pending"}};
  for (const auto& [key, instead] : kOfTheSemaphore) {
    complain(table, key,
             "belongs to the semaphore " + quote(proxy.semaphore) + "; set its " +
                 std::string(instead) + " under [semaphores]");
  }
}

void check_misfits(TableReader& table, const proxy::Settings& proxy) {
  for (const Misfit& misfit : misfits(proxy)) {
    complain(table, misfit.key,
             describe(misfit, [](std::string_view key) { return std::string(key); }));
  }
}

void check_loops(TableReader table, const ServerSettings& settings) {
  const std::string text = loop_closed_by_last(settings.proxies);
  if (!text.empty()) return complain(table, "upstream", text);
  const std::string chain = chain_with_last(settings.proxies);
  if (chain.empty()) return;
  if (const Value* const value = table.find("upstream"))
    table.doubt(*value, "upstream", chain + "; with a semaphore each, none waits for itself");
}

void read_proxy(TableReader table, const ServerSettings& settings, proxy::Settings& proxy) {
  for (const ProxyKeyGroup& group : proxy_key_groups()) {
    for (const ProxyKey& key : group.keys) {
      const bool mandatory = key.name == "listen" || key.name == "upstream";
      const auto take = [&key, &proxy](std::string_view text) { return key.set(text, proxy); };
      if (!table.texts(key.name, key.shape, key.expected, take) && mandatory) {
        table.missing(key.name, key.expected);
      }
      const Value* const value = table.find(key.name);
      if (value != nullptr && key.value == kTimeValue) table.doubt_duration(*value, key.name);
    }
  }
  if (!proxy.semaphore.empty()) check_shared_semaphore(table, settings, proxy);
  check_misfits(table, proxy);
  for (const HostPort& where : proxy.listen)
    check_listen(table, where, settings);
  if (const std::string clash = clash_within(proxy); !clash.empty())
    complain(table, "listen", clash);
  table.finish(Strangers::kRefuse);
}

// What a proxy cannot be called; empty if it can.
std::string complaint_of_name(const ServerSettings& settings, const proxy::Settings& proxy) {
  if (proxy.name.empty()) return "expected a name, got an empty one";
  if (!fits_into_a_path(proxy.name)) return "no URL can carry this name; choose another one";
  const std::string extra = proxy.extra_semaphore_name();
  const bool is_taken = std::ranges::count(settings.proxies, extra, &proxy::Settings::name) > 0 ||
                        has_semaphore(settings, extra);
  if (proxy.extra_per_client > 0 && is_taken) {
    return quote(extra) + " is in use already, and its extra places (extra_per_client) need it";
  }
  for (const proxy::Settings& other : settings.proxies) {
    if (other.extra_per_client == 0 || other.extra_semaphore_name() != proxy.name) continue;
    return "the extra places (extra_per_client) of proxy." + other.name +
           " need this name; choose another one";
  }
  if (!proxy.semaphore.empty() || !has_semaphore(settings, proxy.name)) return {};
  return "a semaphore has this name already; share it with semaphore = " + quote(proxy.name) +
         ", or choose another name";
}

}  // namespace

void check_listen(TableReader& table, const HostPort& where, const ServerSettings& settings) {
  const std::string text = who_listens_at(where, settings.proxies);
  if (!text.empty()) complain(table, "listen", text);
}

void read_proxies(TableReader& top, ServerSettings& settings) {
  const auto table = top.table("proxy");
  if (!table) return;
  for (const Entry& entry : table->entries()) {
    if (entry.value.kind != Value::Kind::kTable) {
      table->unfit(entry.value, entry.key, "a table with the settings of a proxy, [proxy.NAME]");
      continue;
    }
    proxy::Settings proxy;
    proxy.name = entry.key;
    read_proxy(table->inner(entry), settings, proxy);
    if (const std::string text = complaint_of_name(settings, proxy); !text.empty()) {
      table->error(entry.value, entry.key, text);
    }
    settings.proxies.push_back(std::move(proxy));
    check_loops(table->inner(entry), settings);
  }
}

}  // namespace throttle::config
