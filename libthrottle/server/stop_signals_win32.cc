#include <csignal>

#include "libthrottle/server/stop_signals.h"

namespace throttle::server {

std::span<const int> stop_signals() {
  // libuv's number for the closing of the console, which Windows' own headers do not have.
  static constexpr int kConsoleClosed = 1;
  static constexpr int kSignals[] = {SIGINT, SIGBREAK, kConsoleClosed};
  return kSignals;
}

std::span<const int> reload_signals() {
  return {};
}

}  // namespace throttle::server
