// What a kind has to say is in the same order for all of them; what is absent is left out.
#include "libthrottle/inspect/event_text.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace throttle::inspect {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMillisecond = 1000;  // in µs
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kMillisecond;
constexpr std::size_t kWidestKind = 14;

std::string text_of(const Json& data, const char* key) {
  const auto found = data.find(key);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(const Json& data, const char* key) {
  const auto found = data.find(key);
  if (found == data.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::string clock_of(const Json& data, Zone zone) {
  const auto moment = parse_moment(text_of(data, "at"), 0, Zone::kUtc);
  return moment ? format_clock(moment->value, zone) : "--:--:--";
}

std::string peer_of(const Json& data) {
  const auto found = data.find("peer");
  if (found == data.end() || !found->is_number_unsigned()) return {};
  std::string text = " peer " + std::to_string(found->get<std::uint64_t>());
  if (const std::string client = text_of(data, "client"); !client.empty())
    text += " (" + client + ')';
  if (const std::string label = text_of(data, "label"); !label.empty()) text += " \"" + label + '"';
  return text;
}

// "2 of database", "database", or nothing.
std::string semaphore_of(const Json& data) {
  const std::string semaphore = text_of(data, "semaphore");
  if (semaphore.empty()) return {};
  const auto count = number_of(data, "count");
  return ' ' + (count ? std::to_string(*count) + " of " : std::string()) + semaphore;
}

std::string rest_of(const Json& data) {
  std::string text;
  const auto add_span = [&](const char* key, std::string_view before) {
    const auto span = number_of(data, key);
    if (span)
      text.append(before).append(format_span(std::clamp(*span, -kMost, kMost) * kMillisecond));
  };
  const auto add_text = [&](const char* key, std::string_view before) {
    const std::string value = text_of(data, key);
    if (!value.empty()) text.append(before).append(value);
  };
  add_span("waited_ms", ", waited ");
  add_span("held_ms", ", held ");
  add_text("cause", ", ");
  add_text("order", ", order ");
  add_span("within_ms", ", within ");
  add_span("bar_ms", ", barred for ");
  add_text("by", ", by ");
  add_text("reason", ", reason: ");
  add_text("what", ", ");
  if (const auto excess = number_of(data, "excess"); excess.value_or(0) > 0)
    text += ", over by " + std::to_string(*excess);
  return text;
}

std::string state_of(const Json& data) {
  const auto held = number_of(data, "held");
  const auto max = number_of(data, "max");
  if (!held || !max) return {};
  return " · " + std::to_string(*held) + '/' + std::to_string(*max) + " held, " +
         std::to_string(number_of(data, "waiting").value_or(0)) + " waiting";
}

std::string gap_line(const Json& data) {
  const auto missed = number_of(data, "missed");
  const std::string number = missed ? std::to_string(*missed) + " events" : "Events";
  return "--:--:--  gap             " + number + " are missing here";
}

Json parse(const StreamEvent& event) {
  Json data = Json::parse(event.data, nullptr, false);
  return data.is_object() ? data : Json::object();
}

}  // namespace

std::string people_line(const StreamEvent& event, Zone zone) {
  const Json data = parse(event);
  if (event.name == "gap") return gap_line(data);
  std::string kind = event.name;
  if (kind.size() < kWidestKind) kind.append(kWidestKind - kind.size(), ' ');
  const std::string said = semaphore_of(data) + peer_of(data) + rest_of(data);
  return clock_of(data, zone) + "  " + kind + ' ' + said + state_of(data);
}

std::string machine_line(const StreamEvent& event) {
  Json line = Json::object();
  const Json data = parse(event);
  if (data.contains("n")) line["id"] = event.id;
  line["event"] = event.name;
  for (const auto& [key, value] : data.items())
    line[key] = value;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace throttle::inspect
