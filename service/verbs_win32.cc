// The verbs that speak with the Service Control Manager: they change a service or ask it for
// something, wait for what comes of it, and report that in words.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "libthrottle/app/reload_event.h"
#include "libthrottle/core/duration.h"
#include "service/install_system_win32.h"
#include "service/jobs.h"
#include "service/sample_configuration.h"
#include "service/scm_states.h"
#include "service/service_command_line.h"
#include "service/verbs.h"

namespace throttle::service {

namespace {

using Clock = std::chrono::steady_clock;

constexpr DWORD kPollMs = 100;

int code(ExitCode exit_code) {
  return static_cast<int>(exit_code);
}

int complain(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return complain(ExitCode::kNotInstalled, error.message);
    case ErrorCode::kUnavailable:
      return complain(ExitCode::kNotAllowed, error.message);
    default:
      return complain(ExitCode::kFailed, error.message);
  }
}

std::string_view state_text(DWORD state) {
  switch (state) {
    case SERVICE_STOPPED:
      return "stopped";
    case SERVICE_START_PENDING:
      return "starting";
    case SERVICE_STOP_PENDING:
      return "stopping";
    case SERVICE_RUNNING:
      return "running";
    case SERVICE_PAUSED:
      return "paused";
    default:
      return "changing";
  }
}

ExitCode state_code(DWORD state) {
  switch (state) {
    case SERVICE_RUNNING:
      return ExitCode::kDone;
    case SERVICE_STOPPED:
      return ExitCode::kStopped;
    case SERVICE_PAUSED:
      return ExitCode::kPaused;
    default:
      return ExitCode::kPending;
  }
}

std::string exit_text(const ServiceStatus& status) {
  if (status.exit_code == ERROR_SERVICE_NEVER_STARTED) return "it was never started";
  if (status.exit_code != ERROR_SERVICE_SPECIFIC_ERROR)
    return status.exit_code == 0 ? "as asked" : "error " + std::to_string(status.exit_code);
  switch (static_cast<ScmOutcome>(status.specific_code)) {
    case ScmOutcome::kWrongConfiguration:
      return "the configuration is wrong";
    case ScmOutcome::kCannotListen:
      return "it cannot listen";
    case ScmOutcome::kCannotStart:
      return "it cannot start";
    default:
      return "error " + std::to_string(status.specific_code);
  }
}

// --- install and uninstall ---

// The first line of a file, or of stdin.
Result<std::string> read_password(const std::string& path) {
  std::string line;
  if (path == "-") {
    std::getline(std::cin, line);
  } else {
    std::ifstream file(std::filesystem::path(wide(path)));
    if (!file) return fail(ErrorCode::kExhausted, path + ": the password cannot be read");
    std::getline(file, line);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

Result<InstallRequest> request_of(const InstallCommand& install) {
  InstallRequest request;
  request.name = install.name;
  request.executable = own_path();
  request.data_folder = data_folder();
  request.default_configuration = request.data_folder + "\\throttle.toml";
  request.sample = std::string(kSampleConfiguration);
  request.display_name = install.display_name;
  request.configuration = install.configuration;
  request.role = install.role;
  request.account = install.account;
  request.start = install.start;
  if (!install.depends.empty()) request.depends = install.depends;
  request.reset = install.reset;
  if (install.password_from) {
    auto password = read_password(*install.password_from);
    if (!password) return tl::unexpected(password.error());
    request.password = *std::move(password);
  }
  return request;
}

std::string_view start_text(StartType start) {
  switch (start) {
    case StartType::kAuto:
      return "starts with Windows";
    case StartType::kDelayed:
      return "starts a little after Windows";
    case StartType::kDemand:
      return "starts on demand";
    default:
      return "is disabled";
  }
}

// --- waiting ---

struct Wait {
  DWORD wanted;
  Duration timeout;
};

// The status when the state is as wanted, or no pending one any more; else after the timeout.
Result<ServiceStatus> wait_for(SC_HANDLE service, const Wait& wait) {
  const auto until = Clock::now() + std::min(wait.timeout, Duration(std::chrono::hours(24)));
  while (true) {
    auto status = query_status(service);
    const bool pending = status && status->state != SERVICE_STOPPED &&
                         status->state != SERVICE_RUNNING && status->state != SERVICE_PAUSED;
    const bool settled =
        !status || status->state == wait.wanted ||
        (!pending && wait.wanted == SERVICE_RUNNING && status->state == SERVICE_STOPPED);
    if (settled || Clock::now() >= until) return status;
    Sleep(kPollMs);
  }
}

int report_state(const std::string& name, DWORD wanted, const Result<ServiceStatus>& status) {
  if (!status) return complain(status.error());
  if (status->state == wanted) {
    std::printf("service %s is %s\n", name.c_str(), std::string(state_text(wanted)).c_str());
    return code(ExitCode::kDone);
  }
  const std::string what = "service " + name + " is " + std::string(state_text(status->state));
  if (status->state != SERVICE_STOPPED)
    return complain(ExitCode::kPending,
                    what + " and not " + std::string(state_text(wanted)) + " within the timeout");
  const bool wrong = status->exit_code == ERROR_SERVICE_SPECIFIC_ERROR &&
                     status->specific_code == static_cast<DWORD>(ScmOutcome::kWrongConfiguration);
  return complain(wrong ? ExitCode::kWrongConfiguration : ExitCode::kFailed,
                  what + ": " + exit_text(*status) + "; the Event Log says more");
}

// The mistakes of the configuration that the service has; the exit code if there are some.
std::optional<int> check_file(const std::string& name) {
  WindowsInstallSystem system;
  const auto record = system.find_service(name);
  if (!record) return complain(record.error());
  if (!*record) return complain(ExitCode::kNotInstalled, "service " + name + " is not installed");
  const auto launch = parse_image_path((*record)->image_path);
  if (!launch) return std::nullopt;
  const auto loaded =
      make_job({.role = launch->role, .configuration = launch->configuration}).load();
  if (loaded) return std::nullopt;
  std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
  return code(ExitCode::kWrongConfiguration);
}

// --- one control each ---

int start(const ControlCommand& command) {
  if (const auto wrong = check_file(command.name)) return *wrong;
  auto service = open_service(command.name, SERVICE_START | SERVICE_QUERY_STATUS);
  if (!service) return complain(service.error());
  if (StartServiceW(service->get(), 0, nullptr) == 0 &&
      GetLastError() != ERROR_SERVICE_ALREADY_RUNNING) {
    return complain(system_error("service " + command.name));
  }
  if (!command.wait) return code(ExitCode::kDone);
  return report_state(command.name, SERVICE_RUNNING,
                      wait_for(service->get(), {SERVICE_RUNNING, command.timeout}));
}

// Returns when the process is gone, so that its port and files are free.
int stop(const ControlCommand& command) {
  auto service = open_service(command.name,
                              SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_USER_DEFINED_CONTROL);
  if (!service) return complain(service.error());
  const auto before = query_status(service->get());
  if (!before) return complain(before.error());
  const KernelHandle process(OpenProcess(SYNCHRONIZE, FALSE, before->process));
  SERVICE_STATUS ignored{};
  const DWORD how = command.now ? control::kStopNow : SERVICE_CONTROL_STOP;
  const bool stops = before->state == SERVICE_STOPPED || before->state == SERVICE_STOP_PENDING;
  if (!stops && ControlService(service->get(), how, &ignored) == 0 &&
      GetLastError() != ERROR_SERVICE_NOT_ACTIVE) {
    return complain(system_error("service " + command.name));
  }
  if (!command.wait) return code(ExitCode::kDone);
  const auto status = wait_for(service->get(), {SERVICE_STOPPED, command.timeout});
  if (process && status && status->state == SERVICE_STOPPED)
    WaitForSingleObject(process.get(), 10'000);
  return report_state(command.name, SERVICE_STOPPED, status);
}

struct Ask {
  DWORD control;
  DWORD access;
  DWORD wanted;
};

int ask(const ControlCommand& command, const Ask& asked) {
  auto service = open_service(command.name, asked.access | SERVICE_QUERY_STATUS);
  if (!service) return complain(service.error());
  const auto before = query_status(service->get());
  if (before && before->state == SERVICE_STOPPED)
    return complain(ExitCode::kStopped, "service " + command.name + " is stopped");
  SERVICE_STATUS ignored{};
  if (ControlService(service->get(), asked.control, &ignored) == 0)
    return complain(system_error("service " + command.name));
  if (!command.wait) return code(ExitCode::kDone);
  return report_state(command.name, asked.wanted,
                      wait_for(service->get(), {asked.wanted, command.timeout}));
}

int reload_program(std::uint32_t pid) {
  const auto asked = app::request_reload(pid);
  if (!asked) {
    return complain(
        asked.error().code == ErrorCode::kNotFound ? ExitCode::kStopped : ExitCode::kNotAllowed,
        asked.error().message);
  }
  std::printf("process %u reads its configuration again\n", pid);
  return code(ExitCode::kDone);
}

int reload(const ControlCommand& command) {
  if (command.pid) return reload_program(*command.pid);
  if (const auto wrong = check_file(command.name)) return *wrong;
  auto service = open_service(command.name, SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS);
  if (!service) return complain(service.error());
  SERVICE_STATUS ignored{};
  if (ControlService(service->get(), SERVICE_CONTROL_PARAMCHANGE, &ignored) == 0) {
    const DWORD why = GetLastError();
    if (why == ERROR_SERVICE_NOT_ACTIVE)
      return complain(ExitCode::kStopped, "service " + command.name + " is stopped");
    return complain(system_error("service " + command.name, why));
  }
  std::printf("service %s reads its configuration again\n", command.name.c_str());
  return code(ExitCode::kDone);
}

}  // namespace

int execute(const InstallCommand& command) {
  const auto request = request_of(command);
  if (!request) return complain(request.error());
  WindowsInstallSystem system;
  const auto installed = install(system, *request);
  if (!installed) return complain(installed.error());
  if (installed->outcome == InstallOutcome::kUpdated) {
    std::printf("service %s is installed already: its path was brought up to date, all else kept\n",
                command.name.c_str());
    return code(ExitCode::kDone);
  }
  std::printf(
      "service %s installed: %s, %s, %s\n", command.name.c_str(), installed->record.account.c_str(),
      std::string(start_text(installed->record.start)).c_str(), installed->configuration.c_str());
  return code(ExitCode::kDone);
}

int execute(const UninstallCommand& command) {
  const int stopped = stop({.control = Control::kStop, .name = command.name});
  if (stopped != code(ExitCode::kDone)) return stopped;
  WindowsInstallSystem system;
  const auto done = uninstall(
      system, command.name, command.purge ? Purge::kRemoveFiles : Purge::kKeepFiles, data_folder());
  if (!done) return complain(done.error());
  std::printf("service %s is uninstalled\n", command.name.c_str());
  if (const std::string kept = kept_text(*done, data_folder()); !kept.empty())
    std::printf("%s\n", kept.c_str());
  return code(ExitCode::kDone);
}

int execute(const ControlCommand& command) {
  switch (command.control) {
    case Control::kStart:
      return start(command);
    case Control::kStop:
      return stop(command);
    case Control::kRestart: {
      const int stopped = stop(command);
      return stopped == code(ExitCode::kDone) ? start(command) : stopped;
    }
    case Control::kPause:
      return ask(command, {SERVICE_CONTROL_PAUSE, SERVICE_PAUSE_CONTINUE, SERVICE_PAUSED});
    case Control::kContinue:
      return ask(command, {SERVICE_CONTROL_CONTINUE, SERVICE_PAUSE_CONTINUE, SERVICE_RUNNING});
    case Control::kReload:
      return reload(command);
  }
  return code(ExitCode::kWrongArguments);
}

int execute(const StatusCommand& command) {
  auto service = open_service(command.name, SERVICE_QUERY_STATUS);
  if (!service) return complain(service.error());
  const auto status = query_status(service->get());
  if (!status) return complain(status.error());
  WindowsInstallSystem system;
  const auto record = system.find_service(command.name);
  if (!record) return complain(record.error());
  const auto launch = *record ? parse_image_path((*record)->image_path) : Result<ServiceLaunch>();
  const std::string configuration = launch ? launch->configuration : "";
  const std::string account = *record ? (*record)->account : "";
  const StartType start_type = *record ? (*record)->start : StartType::kDemand;
  if (command.json) {
    const nlohmann::json object = {
        {"name", command.name},           {"state", state_text(status->state)},
        {"pid", status->process},         {"account", account},
        {"start", to_string(start_type)}, {"configuration", configuration},
        {"last_exit", exit_text(*status)}};
    std::printf("%s\n", object.dump().c_str());
    return code(state_code(status->state));
  }
  std::printf("service %s is %s\n", command.name.c_str(),
              std::string(state_text(status->state)).c_str());
  if (status->process != 0) std::printf("  process        %lu\n", status->process);
  std::printf("  account        %s\n  start          %s\n  configuration  %s\n", account.c_str(),
              std::string(start_text(start_type)).c_str(), configuration.c_str());
  if (status->state == SERVICE_STOPPED)
    std::printf("  last exit      %s\n", exit_text(*status).c_str());
  return code(state_code(status->state));
}

}  // namespace throttle::service
