// Reads the pages. A field that an older server does not have is left out; a page that is no JSON
// is an error.
#include "libthrottle/inspect/picture.h"

#include <charconv>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace throttle::inspect {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMillisecond = 1000;  // in µs

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::int64_t span_of(const Json& object, const char* key) {
  return number_of(object, key).value_or(0) * kMillisecond;
}

LiveEntry entry_of(const Json& json) {
  LiveEntry entry;
  entry.peer = static_cast<std::uint64_t>(number_of(json, "peer").value_or(0));
  entry.count = number_of(json, "count").value_or(0);
  entry.client = text_of(json, "client");
  entry.label = text_of(json, "label");
  entry.span_us = span_of(json, json.contains("held_ms") ? "held_ms" : "waited_ms");
  if (const auto expires = number_of(json, "expires_in_ms"))
    entry.expires_in_us = *expires * kMillisecond;
  entry.place = number_of(json, "place").value_or(0);
  return entry;
}

const Json& list_of(const Json& object, const char* key) {
  static const Json* const kEmpty = new Json(Json::array());
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : *kEmpty;
}

Result<Json> parse(const Server& server, std::string_view target, std::string_view body) {
  Json json = Json::parse(body, nullptr, false);
  if (json.is_object()) return json;
  return fail(ErrorCode::kUnavailable, server.url() + std::string(target) +
                                           " is no page of throttle: it is no JSON object.");
}

}  // namespace

std::int64_t LiveSemaphore::held_count() const {
  std::int64_t sum = 0;
  for (const LiveEntry& entry : held)
    sum += entry.count;
  return sum;
}

std::int64_t LiveSemaphore::longest_wait_us() const {
  std::int64_t longest = 0;
  for (const LiveEntry& entry : waiting)
    longest = std::max(longest, entry.span_us);
  return longest;
}

Result<std::vector<LiveSemaphore>> read_leases(Server& server, std::string_view only) {
  const std::string target =
      only.empty() ? std::string("/leases") : "/leases?semaphore=" + encoded(only);
  auto answer = server.get(target);
  if (!answer) return tl::unexpected(answer.error());
  std::vector<LiveSemaphore> semaphores;
  if (answer->status == 400 && !only.empty()) return semaphores;
  if (answer->status != 200)
    return fail(ErrorCode::kUnavailable,
                server.url() + target + " answers " + std::to_string(answer->status) +
                    (answer->status == 404 ? ": it is no server of leases." : "."));
  const auto page = parse(server, target, answer->body);
  if (!page) return tl::unexpected(page.error());
  for (const Json& json : list_of(*page, "semaphores")) {
    LiveSemaphore semaphore;
    semaphore.name = text_of(json, "name");
    semaphore.full = number_of(json, "max").value_or(0);
    semaphore.order = text_of(json, "order");
    semaphore.paused = text_of(json, "paused");
    for (const Json& held : list_of(json, "held"))
      semaphore.held.push_back(entry_of(held));
    for (const Json& waiting : list_of(json, "waiting"))
      semaphore.waiting.push_back(entry_of(waiting));
    semaphores.push_back(std::move(semaphore));
  }
  return semaphores;
}

Result<LiveProxies> read_connections(Server& server) {
  const auto body = server.page("/connections");
  if (!body) return tl::unexpected(body.error());
  const auto page = parse(server, "/connections", *body);
  if (!page) return tl::unexpected(page.error());
  LiveProxies proxies;
  for (const Json& proxy : list_of(*page, "proxies")) {
    proxies.names.push_back(text_of(proxy, "name"));
    for (const Json& json : list_of(proxy, "connections"))
      proxies.connections.push_back({.proxy = proxies.names.back(),
                                     .client = text_of(json, "client"),
                                     .state = text_of(json, "state"),
                                     .age_us = span_of(json, "age_ms"),
                                     .in_state_us = span_of(json, "in_state_ms"),
                                     .bytes_up = number_of(json, "bytes_up").value_or(0),
                                     .bytes_down = number_of(json, "bytes_down").value_or(0),
                                     .peer = number_of(json, "peer"),
                                     .place = number_of(json, "place")});
  }
  return proxies;
}

Samples parse_metrics(std::string_view text) {
  Samples samples;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t blank = line.rfind(' ');
    if (line.starts_with('#') || blank == std::string_view::npos) continue;
    const std::string value(line.substr(blank + 1));
    samples.emplace(line.substr(0, blank), std::strtod(value.c_str(), nullptr));
  }
  return samples;
}

Result<LiveJournal> read_journal(Server& server) {
  const auto answer = server.get("/journal");
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200)
    return fail(ErrorCode::kNotFound, server.url() + " writes no journal.");
  const auto page = parse(server, "/journal", answer->body);
  if (!page) return tl::unexpected(page.error());
  LiveJournal journal;
  journal.path = text_of(*page, "path");
  journal.id = text_of(*page, "id");
  journal.run = static_cast<std::uint64_t>(number_of(*page, "run").value_or(0));
  journal.up = page->value("up", Json()) == true;
  journal.pausing = page->value("pausing", Json()) == true;
  journal.lag_us = span_of(*page, "lag_ms");
  journal.recorded = number_of(*page, "recorded_events").value_or(0);
  journal.committed = number_of(*page, "committed_events").value_or(0);
  journal.last_error = text_of(*page, "last_error");
  return journal;
}

std::optional<double> sample_of(const Samples& samples, std::string_view name,
                                std::string_view semaphore, std::string_view cause) {
  std::string key(name);
  key += "{semaphore=\"";
  for (const char c : semaphore) {
    if (c == '"' || c == '\\') key += '\\';
    if (c == '\n')
      key += "\\n";
    else
      key += c;
  }
  key += '"';
  if (!cause.empty()) key.append(",cause=\"").append(cause).append("\"");
  key += '}';
  const auto found = samples.find(key);
  if (found == samples.end()) return std::nullopt;
  return found->second;
}

}  // namespace throttle::inspect
