// The texts of sd_notify(3).
#include "libthrottle/app/notify_message.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"

namespace throttle::app {

namespace {

constexpr std::size_t kMostPathBytes = 107;  // of sun_path, without its end
constexpr std::size_t kMostStatusBytes = 1024;

std::string line(std::string_view key, std::string_view value) {
  std::string text = std::string(key) + '=' + std::string(value.substr(0, kMostStatusBytes));
  std::ranges::replace(text, '\n', ' ');
  return text + '\n';
}

template <typename Number>
std::optional<Number> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view view(text);
  Number value{};
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc() || end != view.data() + view.size()) return std::nullopt;
  return value;
}

bool looks_alike(const Activity& one, const Activity& other) {
  return one.holding == other.holding && one.waiting == other.waiting && one.paused == other.paused;
}

}  // namespace

namespace notify {

std::string status(std::string_view text) {
  return line("STATUS", text);
}

std::string ready(std::string_view text) {
  return "READY=1\n" + status(text);
}

std::string reloading(std::chrono::microseconds monotonic) {
  return "RELOADING=1\n" + line("MONOTONIC_USEC", std::to_string(monotonic.count()));
}

std::string stopping() {
  return "STOPPING=1\n";
}

std::string extend_timeout(std::chrono::microseconds length) {
  return line("EXTEND_TIMEOUT_USEC", std::to_string(length.count()));
}

std::string failed(int error_number, std::string_view text) {
  return line("ERRNO", std::to_string(error_number)) + status(text);
}

std::string watchdog() {
  return "WATCHDOG=1\n";
}

std::string merged(std::string_view first, std::string_view second) {
  std::string message;
  while (!first.empty()) {
    const std::string_view entry = first.substr(0, first.find('\n') + 1);
    first.remove_prefix(entry.size());
    const std::string key(entry.substr(0, entry.find('=') + 1));
    const bool again = second.starts_with(key) || second.find('\n' + key) != std::string_view::npos;
    if (!again) message += entry;
  }
  return message.append(second);
}

}  // namespace notify

Result<std::optional<NotifyAddress>> parse_notify_socket(std::string_view text) {
  if (text.starts_with("vsock:")) return std::nullopt;
  const bool is_abstract = text.starts_with('@');
  const bool fits =
      text.size() > 1 && text.size() <= kMostPathBytes && (is_abstract || text.starts_with('/'));
  if (!fits) {
    return fail(ErrorCode::kInvalidArgument,
                "NOTIFY_SOCKET: expected a path or @name, got " + quote(text));
  }
  return NotifyAddress{std::string(is_abstract ? text.substr(1) : text), is_abstract};
}

std::optional<Duration> watchdog_interval(const char* usec, const char* pid, std::int64_t own_pid) {
  const auto length = number<std::int64_t>(usec);
  if (!length || *length <= 0) return std::nullopt;
  if (pid != nullptr && number<std::int64_t>(pid) != own_pid) return std::nullopt;
  constexpr std::int64_t kMostUsec = Duration::max().count() / 1000;
  return std::chrono::microseconds(std::min(*length, kMostUsec)) / 2;
}

std::string activity_text(const Activity& activity) {
  std::string text = activity.paused ? "paused, " : "";
  text += std::to_string(activity.holding) + " hold, " + std::to_string(activity.waiting) + " wait";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(activity.longest_wait);
  if (!activity.paused && activity.waiting > 0 && seconds.count() > 0)
    text += " (" + format_duration(seconds) + ")";
  return text;
}

std::string ready_text(const ReadyFacts& facts) {
  const std::string proxies = counted(facts.proxies.size(), "proxy", "proxies");
  if (!facts.http.empty()) {
    std::string text = facts.http + ", " + counted(facts.semaphores, "semaphore");
    return facts.proxies.empty() ? text : text + ", " + proxies;
  }
  std::string text = proxies;
  for (const std::string& address : facts.proxies)
    text += ", " + address;
  return text;
}

std::optional<std::string> StatusPace::next(TimePoint now, const Activity& activity) {
  if (now < quiet_until_ || (sent_ && looks_alike(*sent_, activity))) return std::nullopt;
  sent_ = activity;
  quiet_until_ = saturating_add(now, kInterval);
  return activity_text(activity);
}

}  // namespace throttle::app
