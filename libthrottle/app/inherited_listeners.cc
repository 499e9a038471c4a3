// LISTEN_FDS descriptors follow each other from 3 on; LISTEN_FDNAMES has a name for each, with
// colons between. Sockets without names have the one that systemd gives them: "unknown".
#include "libthrottle/app/inherited_listeners.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "libthrottle/core/text.h"

namespace throttle::app {

namespace {

constexpr std::int64_t kMostListeners = 1024;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> split(std::string_view names) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t colon = std::min(names.find(':'), names.size());
    parts.emplace_back(names.substr(0, colon));
    if (colon == names.size()) return parts;
    names.remove_prefix(colon + 1);
  }
}

}  // namespace

Result<InheritedListeners> parse_inherited(const ListenEnvironment& environment,
                                           std::int64_t own_pid) {
  InheritedListeners listeners;
  if (environment.pid == nullptr || environment.count == nullptr) return listeners;
  const auto pid = number(environment.pid);
  if (!pid)
    return fail(ErrorCode::kInvalidArgument,
                "LISTEN_PID: expected a process id, got " + quote(environment.pid));
  if (*pid != own_pid) return listeners;
  const auto count = number(environment.count);
  if (!count || *count < 0 || *count > kMostListeners) {
    return fail(ErrorCode::kInvalidArgument, "LISTEN_FDS: expected a number from 0 to " +
                                                 std::to_string(kMostListeners) + ", got " +
                                                 quote(environment.count));
  }
  std::vector<std::string> names(static_cast<std::size_t>(*count), "unknown");
  if (environment.names != nullptr) {
    std::vector<std::string> given = split(environment.names);
    if (given.size() != names.size() && *count > 0) {
      return fail(ErrorCode::kInvalidArgument, "LISTEN_FDNAMES: " + quote(environment.names) +
                                                   " does not name " + std::to_string(*count) +
                                                   " sockets");
    }
    if (*count > 0) names = std::move(given);
  }
  int descriptor = kFirstInherited;
  for (std::string& name : names)
    listeners[std::move(name)].push_back(descriptor++);
  return listeners;
}

std::vector<std::string> unknown_names(const InheritedListeners& listeners,
                                       std::span<const std::string> known) {
  std::string list;
  for (const std::string& name : known)
    list += (list.empty() ? "" : ", ") + name;
  std::vector<std::string> mistakes;
  for (const auto& [name, descriptors] : listeners) {
    if (std::ranges::find(known, name) != known.end()) continue;
    mistakes.push_back(
        "the socket " + quote(name) +
        " has no listener here; FileDescriptorName= of the socket unit is one of: " + list);
  }
  return mistakes;
}

}  // namespace throttle::app
