// The variables of sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
#include <cstdlib>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libthrottle/app/notify_message.h"
#include "libthrottle/app/service_environment.h"
#include "libthrottle/core/text.h"

namespace throttle::app {

namespace {

std::optional<std::string> take(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  unsetenv(name);
  return text;
}

const char* c_string(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

int option_of(int descriptor, int option) {
  int value = -1;
  socklen_t length = sizeof(value);
  return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_listener(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return false;
  const bool is_known =
      address.ss_family == AF_INET || address.ss_family == AF_INET6 || address.ss_family == AF_UNIX;
  return is_known && option_of(descriptor, SO_TYPE) == SOCK_STREAM &&
         option_of(descriptor, SO_ACCEPTCONN) == 1;
}

Result<void> check(const InheritedListeners& listeners) {
  for (const auto& [name, descriptors] : listeners) {
    for (const int descriptor : descriptors) {
      if (!is_listener(descriptor)) {
        return fail(ErrorCode::kInvalidArgument,
                    "the socket " + quote(name) + " is no listening stream socket (ListenStream=)");
      }
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
  }
  return {};
}

}  // namespace

Result<ServiceEnvironment> take_service_environment() {
  ServiceEnvironment environment{.notify_socket = take("NOTIFY_SOCKET")};
  const auto usec = take("WATCHDOG_USEC");
  const auto watchdog_pid = take("WATCHDOG_PID");
  environment.watchdog = watchdog_interval(c_string(usec), c_string(watchdog_pid), getpid());
  const auto pid = take("LISTEN_PID");
  const auto count = take("LISTEN_FDS");
  const auto names = take("LISTEN_FDNAMES");
  auto listeners = parse_inherited(
      {.pid = c_string(pid), .count = c_string(count), .names = c_string(names)}, getpid());
  if (!listeners) return tl::unexpected(listeners.error());
  if (const auto checked = check(*listeners); !checked) return tl::unexpected(checked.error());
  environment.listeners = *std::move(listeners);
  return environment;
}

}  // namespace throttle::app
