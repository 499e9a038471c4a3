// A process of this project from its settings to its exit code: start, reload, pause, drain, stop.
//
//   Control control;                       // for callers that stop or reload the process
//   Supervisor supervisor;                 // receives what becomes of it
//   auto application = Application::create(options, control, supervisor);
//   if (application && (*application)->start()) exit_code = (*application)->run();
//
// What runs in it is decided by a Composition of Parts. An Application reads no command line,
// catches no signal and knows no service manager: these are users of its Control and Supervisors.
// Threads: one, which makes it, starts it, runs it and destroys it. The Control is for all others.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libthrottle/app/composition.h"
#include "libthrottle/app/control.h"
#include "libthrottle/app/inherited_listeners.h"
#include "libthrottle/app/logging.h"
#include "libthrottle/app/supervisor.h"
#include "libthrottle/config/settings_file.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/loop.h"

namespace throttle::app {

class Application {
 public:
  using Load = std::function<Result<config::LoadedSettings>()>;

  struct Options {
    Compose compose = nullptr;
    Load load;                  // at the start
    Load reload = {};           // at each reload; none: there is nothing to read again
    std::string configuration;  // the name of the file, for people; empty if there is none
    // The value of THROTTLE_LOG, which wins over the level of the terminal.
    std::optional<std::string> log_filter = {};
    MoreOutlets more_outlets = {};  // of the log
    // Sockets to listen on instead of what the settings say, by the name of the listener. The one
    // of HTTP is called `http_name`.
    InheritedListeners sockets = {};
    std::string http_name = "http";
    // How long the start waits for addresses to listen on that this machine does not have yet.
    Duration address_patience = {};
    // Around the opening of the log and of what the parts write, for example with the rights of
    // another user. None: with those of the process. An error fails the start.
    OpenFilesAs open_files_as = {};
    // When it listens, before it reports that it is ready; an error fails the start.
    std::function<Result<void>()> before_ready = {};
  };

  // Both outlive it. Error kExhausted if the system has no descriptors for a loop.
  static Result<std::unique_ptr<Application>> create(Options options, Control& control,
                                                     Supervisor& supervisor);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // For timers and signals of the program itself; they end before the Application.
  uv::Loop& loop() { return *loop_; }

  // Once. After an error the Application can only be destroyed. Errors: those of loading,
  // resolving and listening.
  Result<void> start();
  // Once, after start() succeeded: serves until a request to stop has been carried out. Returns
  // the exit code: 0 after an orderly stop, 1 if it was cut short.
  int run();

  // Whether start() got as far as opening the log, and errors appear on the terminal.
  bool logs_errors() const;
  // The step in which start() failed, if it did.
  std::optional<StartStep> failed_step() const;

 private:
  struct State;

  Application(std::unique_ptr<uv::Loop> loop, Options options, Control& control,
              Supervisor& supervisor);

  std::unique_ptr<uv::Loop> loop_;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::app
