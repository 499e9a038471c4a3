// The signals of Unix.
#include <csignal>

#include "libthrottle/app/signal_numbers.h"

namespace throttle::app {

std::span<const StopSignal> stop_signals() {
  static constexpr StopSignal kSignals[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}};
  return kSignals;
}

std::span<const int> reload_signals() {
  static constexpr int kSignals[] = {SIGHUP};
  return kSignals;
}

std::span<const int> pause_signals() {
  static constexpr int kSignals[] = {SIGUSR1};
  return kSignals;
}

std::span<const int> resume_signals() {
  static constexpr int kSignals[] = {SIGUSR2};
  return kSignals;
}

}  // namespace throttle::app
