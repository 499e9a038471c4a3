// Runs a job from its start to its exit code: the one place where signals, systemd and the log's
// filter meet an Application. The tools use it as it is; the service adds its service manager.
// Threads: the one that runs the loop.
#pragma once

#include <functional>
#include <string>

#include "libthrottle/app/application.h"
#include "libthrottle/app/composition.h"
#include "libthrottle/app/control.h"
#include "libthrottle/app/supervisor.h"
#include "libthrottle/core/result.h"

namespace throttle::app {

// The exit code of a wrong configuration under a service manager (EX_CONFIG): there is no use in
// trying again.
inline constexpr int kWrongConfiguration = 78;

// What to run, or to check.
struct Job {
  std::string configuration;     // the file, for people; empty if there is none
  Application::Load load;        // at the start
  Application::Load load_again;  // at a reload and for a check; empty: nothing to reload
};

// What a process is made of.
struct Role {
  Compose compose;
  const char* http_name;  // of its HTTP listener: "http" or "status"
};
inline constexpr Role kLeaseServer{&compose_server, "http"};
inline constexpr Role kProxy{&compose_proxy, "status"};

// What is around a run, besides the environment.
struct Surroundings {
  // A service manager's side; null: systemd's if it has started the process, else nobody's.
  Supervisor* supervisor = nullptr;
  Control* control = nullptr;  // of callers that stop it; null: signals alone
  enum class Signals { kCatch, kIgnore } signals = Signals::kCatch;
  enum class ExitCodes { kOfATool, kOfAService } exit_codes = ExitCodes::kOfATool;
  MoreOutlets more_outlets = {};  // of the log
  OpenFilesAs open_files_as = {};
  // When it listens, before it reports that it is ready; an error fails the start.
  std::function<Result<void>()> before_ready = {};
  // How the start ended: 0 when it serves, else the exit code and why, unless the log says so on
  // stderr. Without it the reason is printed.
  std::function<void(int exit_code, const std::string& message)> on_started = {};
};

// Serves until stopped. Returns 0 after an orderly stop, 1 if it was cut short or could not start,
// and kWrongConfiguration, if a service manager runs it, for a configuration that is wrong.
int run(const Role& role, const Job& job, const Surroundings& around = {});

// Reports on stdout that the configuration is valid, or on stderr what is wrong with it.
// `if_wrong` is the exit code of the latter.
int check(const Job& job, int if_wrong);

}  // namespace throttle::app
