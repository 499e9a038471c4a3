// What a process sends to systemd (sd_notify(3)), as text, and when its status is worth sending.
//
// A message is lines of KEY=VALUE; one datagram is one message. Threads: pure functions and values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/app/activity.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle::app {

// Each is a whole message. A status is one line whatever is in it.
namespace notify {

std::string status(std::string_view text);
std::string ready(std::string_view status);
// RELOADING=1 and the time belong into one message: systemd takes one without the other for none.
std::string reloading(std::chrono::microseconds monotonic);
std::string stopping();
// More time for the start or the stop, from now on.
std::string extend_timeout(std::chrono::microseconds length);
// Why the start fails, where a system call failed.
std::string failed(int error_number, std::string_view status);
std::string watchdog();

// Two messages as one: the lines of the first whose keys the second has not, then the second.
std::string merged(std::string_view first, std::string_view second);

}  // namespace notify

// Where NOTIFY_SOCKET leads: the bytes of sun_path, and how many of them count.
struct NotifyAddress {
  std::string path;
  bool is_abstract = false;  // the first byte is zero, and no byte follows the last one

  bool operator==(const NotifyAddress&) const = default;
};

// "/path" or "@abstract"; none for what we do not speak (vsock:). Error kInvalidArgument: neither,
// or too long for a socket's address.
Result<std::optional<NotifyAddress>> parse_notify_socket(std::string_view text);

// How often WATCHDOG=1 is sent: half of WATCHDOG_USEC if WATCHDOG_PID is this process or not set.
// None: no watchdog, or it is meant for another process.
std::optional<Duration> watchdog_interval(const char* usec, const char* pid, std::int64_t own_pid);

// "12 hold, 3 wait (4s)" or "paused, 3 hold, 5 wait".
std::string activity_text(const Activity& activity);

// "127.0.0.1:8000, 3 semaphores, 1 proxy"; without an HTTP address "2 proxies, 127.0.0.1:9000, …".
struct ReadyFacts {
  std::string http;  // empty: no lease server
  std::size_t semaphores = 0;
  std::vector<std::string> proxies;  // their addresses
};
std::string ready_text(const ReadyFacts& facts);

// Lets a status through at most every 10 s, and only if something other than the length of the
// longest wait has changed.
class StatusPace {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);

  std::optional<std::string> next(TimePoint now, const Activity& activity);

 private:
  std::optional<Activity> sent_;
  TimePoint quiet_until_ = TimePoint::min();
};

}  // namespace throttle::app
