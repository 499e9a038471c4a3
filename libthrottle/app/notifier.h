// Sends messages to systemd: one datagram each, from a fresh socket that never waits.
// notifier_posix.cc and, where there is no systemd, notifier_win32.cc.
//
// A message that systemd's queue has no room for is kept and sent with the next one, or by retry();
// of each key the newest value counts.
// Threads: one at a time.
#pragma once

#include <string>
#include <string_view>

#include "libthrottle/app/notify_message.h"

namespace throttle::app {

class Notifier {
 public:
  explicit Notifier(NotifyAddress address) : address_(std::move(address)) {}

  void send(std::string_view message) noexcept;
  // Sends what is kept.
  void retry() noexcept;

 private:
  NotifyAddress address_;
  std::string kept_;
};

}  // namespace throttle::app
