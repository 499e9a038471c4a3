// Receives what becomes of an Application: a service manager's side of it, or a test.
//
//   start:   configuration read, log open, each listener, ready     or: start failed
//   running: pulses; reloading, then reloaded or refused; paused, continued
//   end:     stopping, progress each second, stopped
//
// A function of a Supervisor must not call the Application; requests go through its Control.
// Threads: all calls come from the thread that calls Application::start() and run().
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/app/activity.h"
#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle::app {

// Where the process listens, with the real port.
struct Listener {
  std::string name;  // "http", "status", or the name of a proxy
  Endpoint address;
};

// The step of the start that failed. They differ in what an administrator has to do, so service
// managers get an exit code for each.
enum class StartStep {
  kConfiguration,  // the settings are wrong or cannot be read
  kListen,         // an address cannot be listened on
  kStopped,        // asked to stop before it served
  kOther,
};

struct Ready {
  std::span<const Listener> listeners;
  std::size_t semaphores = 0;  // configured ones; those of proxies are not counted
  std::size_t proxies = 0;
};

struct Stopping {
  std::string_view asked_by;  // static text
  Duration at_most{};         // until what is left is cut off
  std::size_t open = 0;       // connections and requests that may finish meanwhile
};

struct Progress {
  std::size_t open = 0;
  Duration left{};  // until what is open is cut off
};

class Supervisor {
 public:
  Supervisor() = default;
  virtual ~Supervisor() = default;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  virtual void on_configuration_read() noexcept {}
  virtual void on_log_open() noexcept {}
  // Again and again while an address to listen on is not there yet.
  virtual void on_waiting_for_address(std::string_view /*address*/) noexcept {}
  virtual void on_listening(const Listener& /*listener*/) noexcept {}
  virtual void on_ready(const Ready& /*ready*/) noexcept {}
  // Instead of the steps that have not come by then; nothing else follows.
  virtual void on_start_failed(StartStep /*step*/, const Error& /*error*/) noexcept {}

  // How often on_pulse() is called from the loop while it serves, so that a hung loop is noticed.
  // Asked for once, when the process is ready.
  virtual Duration pulse_interval() const noexcept { return kForever; }
  virtual void on_pulse(const Activity& /*activity*/) noexcept {}

  virtual void on_reloading() noexcept {}
  virtual void on_reloaded() noexcept {}
  // The configuration in force stays. The message has all mistakes, one line each.
  virtual void on_reload_refused(const Error& /*mistakes*/) noexcept {}
  virtual void on_paused() noexcept {}
  virtual void on_continued() noexcept {}

  virtual void on_stopping(const Stopping& /*stopping*/) noexcept {}
  // Once a second while what is under way finishes.
  virtual void on_progress(const Progress& /*progress*/) noexcept {}
  // Last of all: sockets are closed and the log is written out.
  virtual void on_stopped(int /*exit_code*/) noexcept {}
};

}  // namespace throttle::app
