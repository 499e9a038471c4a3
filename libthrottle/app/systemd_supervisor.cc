// Each news of the Application as one datagram.
#include "libthrottle/app/systemd_supervisor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "libthrottle/core/duration.h"
#include "libthrottle/uv/clock.h"

namespace throttle::app {

namespace {

constexpr std::chrono::seconds kMoreTime{5};
// systemd compares it with its own CLOCK_MONOTONIC, which is what the loop's clock reads.
std::chrono::microseconds monotonic_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(uv::now().time_since_epoch());
}

std::string open_text(std::size_t open) {
  return std::to_string(open) + (open == 1 ? " is open" : " are open");
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

void SystemdSupervisor::send_step(std::string_view status) {
  notifier_.send(notify::status(status) + notify::extend_timeout(kMoreTime));
}

void SystemdSupervisor::feed_watchdog() {
  if (watchdog_) notifier_.send(notify::watchdog());
}

void SystemdSupervisor::on_configuration_read() noexcept {
  send_step("the configuration was read");
}

void SystemdSupervisor::on_log_open() noexcept {
  send_step("looking up the hosts to listen on");
}

void SystemdSupervisor::on_waiting_for_address(std::string_view address) noexcept {
  send_step("waiting for the address " + std::string(address));
}

void SystemdSupervisor::on_listening(const Listener& listener) noexcept {
  send_step("listening on " + listener.address.to_string());
}

void SystemdSupervisor::on_ready(const Ready& ready) noexcept {
  ReadyFacts facts{.http = {}, .semaphores = ready.semaphores, .proxies = {}};
  for (const Listener& listener : ready.listeners) {
    if (listener.name == "http")
      facts.http = listener.address.to_string();
    else if (listener.name != "status")
      facts.proxies.push_back(listener.address.to_string());
  }
  serving_ = ready_text(facts);
  notifier_.send(notify::ready(serving_));
  feed_watchdog();
}

// ERRNO= is of the system call that failed; a wrong configuration has none.
void SystemdSupervisor::on_start_failed(StartStep step, const Error& error) noexcept {
  const std::string status = first_line(error.message);
  if (step == StartStep::kConfiguration) return notifier_.send(notify::status(status));
  if (step == StartStep::kStopped)
    return notifier_.send(notify::stopping() + notify::status(status));
  const int number = error.code == ErrorCode::kInUse       ? EADDRINUSE
                     : error.code == ErrorCode::kExhausted ? EMFILE
                                                           : EADDRNOTAVAIL;
  notifier_.send(notify::failed(number, status));
}

Duration SystemdSupervisor::pulse_interval() const noexcept {
  return std::min(watchdog_.value_or(StatusPace::kInterval), StatusPace::kInterval);
}

void SystemdSupervisor::on_pulse(const Activity& activity) noexcept {
  feed_watchdog();
  if (const auto status = pace_.next(uv::now(), activity))
    notifier_.send(notify::status(*status));
  else
    notifier_.retry();
}

void SystemdSupervisor::on_reloading() noexcept {
  notifier_.send(notify::reloading(monotonic_now()));
}

void SystemdSupervisor::on_reloaded() noexcept {
  notifier_.send(notify::ready("reloaded"));
}

void SystemdSupervisor::on_reload_refused(const Error& mistakes) noexcept {
  notifier_.send(notify::ready("reload refused: " + first_line(mistakes.message)));
}

void SystemdSupervisor::on_stopping(const Stopping& stopping) noexcept {
  notifier_.send(notify::stopping() + notify::status("stopping: " + open_text(stopping.open)) +
                 notify::extend_timeout(kMoreTime));
}

void SystemdSupervisor::on_progress(const Progress& progress) noexcept {
  send_step("stopping: " + open_text(progress.open));
  feed_watchdog();
}

}  // namespace throttle::app
