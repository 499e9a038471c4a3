#include <csignal>

#include "libthrottle/server/stop_signals.h"

namespace throttle::server {

std::span<const int> stop_signals() {
  static constexpr int kSignals[] = {SIGINT, SIGTERM};
  return kSignals;
}

std::span<const int> reload_signals() {
  static constexpr int kSignals[] = {SIGHUP};
  return kSignals;
}

}  // namespace throttle::server
