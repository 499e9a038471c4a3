// Writes whole texts to a descriptor, also if it is non-blocking or a signal interrupts.
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

#include "libthrottle/telemetry/line_output.h"

namespace throttle::telemetry {

void shield_from_signals() noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Another process that shares the terminal made it non-blocking.
      pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace throttle::telemetry
