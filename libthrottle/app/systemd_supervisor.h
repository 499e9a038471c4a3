// Notifies systemd of what becomes of a process (sd_notify(3)): ready, reloading, stopping, a
// status line, more time where a step takes long, and the watchdog, which the loop feeds.
//
//   STATUS=…, EXTEND_TIMEOUT_USEC=   with each step of the start, and each second of the stop
//   READY=1                          when it serves, and after each reload, also a refused one
//   RELOADING=1 with MONOTONIC_USEC= when a reload begins
//   STATUS=12 hold, 3 wait           at most every 10 s, if it has changed
//   WATCHDOG=1                       at half of the time that systemd allows
//   STOPPING=1; ERRNO= before a start that fails at a system call
//
// Threads: those of a Supervisor.
#pragma once

#include <optional>
#include <string>

#include "libthrottle/app/notifier.h"
#include "libthrottle/app/notify_message.h"
#include "libthrottle/app/supervisor.h"

namespace throttle::app {

class SystemdSupervisor final : public Supervisor {
 public:
  // `watchdog`: how often it is to be fed; none without a watchdog.
  SystemdSupervisor(NotifyAddress address, std::optional<Duration> watchdog)
      : notifier_(std::move(address)), watchdog_(watchdog) {}

  void on_configuration_read() noexcept override;
  void on_log_open() noexcept override;
  void on_waiting_for_address(std::string_view address) noexcept override;
  void on_listening(const Listener& listener) noexcept override;
  void on_ready(const Ready& ready) noexcept override;
  void on_start_failed(StartStep step, const Error& error) noexcept override;
  Duration pulse_interval() const noexcept override;
  void on_pulse(const Activity& activity) noexcept override;
  void on_reloading() noexcept override;
  void on_reloaded() noexcept override;
  void on_reload_refused(const Error& mistakes) noexcept override;
  void on_stopping(const Stopping& stopping) noexcept override;
  void on_progress(const Progress& progress) noexcept override;

 private:
  void send_step(std::string_view status);
  void feed_watchdog();

  Notifier notifier_;
  std::optional<Duration> watchdog_;
  std::string serving_;  // the status when it became ready
  StatusPace pace_;
};

}  // namespace throttle::app
