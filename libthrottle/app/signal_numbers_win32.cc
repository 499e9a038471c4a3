// The console events that libuv delivers as signals on Windows.
#include <chrono>
#include <csignal>

#include "libthrottle/app/signal_numbers.h"

namespace throttle::app {

std::span<const StopSignal> stop_signals() {
  // libuv's number for the closing of the console, which Windows' own headers do not have.
  static constexpr int kConsoleClosed = 1;
  // Windows ends the process 5 s later.
  constexpr Duration kMost = std::chrono::seconds(4);
  static constexpr StopSignal kSignals[] = {{SIGINT, "Ctrl+C"},
                                            {SIGBREAK, "Ctrl+Break"},
                                            {kConsoleClosed, "the closing of the console", kMost}};
  return kSignals;
}

std::span<const int> reload_signals() {
  return {};
}

std::span<const int> pause_signals() {
  return {};
}

std::span<const int> resume_signals() {
  return {};
}

}  // namespace throttle::app
