// `run` on Unix: in the foreground under systemd or launchd, or as a daemon that goes to the
// background by itself. The other verbs are for Windows, and the parser has refused them.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "libthrottle/app/run.h"
#include "service/daemon.h"
#include "service/jobs.h"
#include "service/verbs.h"

namespace throttle::service {

namespace {

// A daemon's folder is "/", so the path that the user has written is completed before.
std::string absolute(const std::string& path) {
  std::error_code error;
  const std::string whole = std::filesystem::absolute(path, error).string();
  return error ? path : whole;
}

// Nobody reads a daemon's stderr: without a file or a syslog of its own it logs to syslog.
Result<config::LoadedSettings> load_for_daemon(const app::Application::Load& load) {
  auto loaded = load();
  if (!loaded) return loaded;
  telemetry::Settings& logging = loaded->settings.logging;
  logging.terminal.level = telemetry::Level::kOff;
  logging.terminal.announces = false;  // it is leaving the terminal
  if (!logging.file && !logging.syslog) logging.syslog.emplace();
  return loaded;
}

class UnixRun {
 public:
  explicit UnixRun(const RunCommand& run) : run_(run) {}

  int operator()() {
    app::Job job = make_job({.role = run_.role,
                             .configuration = absolute(run_.configuration),
                             .log_format = run_.log_format});
    if (run_.user) {
      auto ids = look_up_user(*run_.user);
      if (!ids) return complain(exit_code_of(ids.error()), ids.error().message);
      ids_ = *std::move(ids);
    }
    if (run_.pid_file) pid_path_ = absolute(*run_.pid_file);
    if (run_.daemonize)
      if (const auto code = go_to_background(job)) return *code;
    return app::run(
        parts_of(run_.role), job,
        {.exit_codes = app::Surroundings::ExitCodes::kOfAService,
         .open_files_as = [this](const auto& open) { return open_files(open); },
         .before_ready = [this] { return settle(); },
         .on_started = [this](int code, const std::string& why) { report(code, why); }});
  }

 private:
  static ExitCode exit_code_of(const Error& error) {
    return error.code == ErrorCode::kUnavailable ? ExitCode::kNotAllowed
                                                 : ExitCode::kWrongArguments;
  }

  // The exit code where that is not possible; nothing in the daemon.
  std::optional<int> go_to_background(app::Job& job) {
    if (std::getenv("NOTIFY_SOCKET") != nullptr) {
      return complain(ExitCode::kWrongArguments,
                      "--daemonize: systemd runs this process in the background already; leave "
                      "it out");
    }
    if (const auto loaded = job.load(); !loaded) {
      std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
      return static_cast<int>(ExitCode::kWrongConfiguration);
    }
    auto background = Background::enter();
    if (!background) return complain(ExitCode::kFailed, background.error().message);
    background_.emplace(*std::move(background));
    for (app::Application::Load* const load : {&job.load, &job.load_again})
      *load = [inner = *load] { return load_for_daemon(inner); };
    return std::nullopt;
  }

  // With the rights of the user, who could otherwise have root write through a link.
  Result<void> open_files(const std::function<void()>& open) {
    if (ids_) return do_as(*ids_, open);
    open();
    return {};
  }

  // It listens, with the rights of root if it has them.
  Result<void> settle() {
    if (!pid_path_.empty()) {
      auto file = PidFile::write(pid_path_);
      if (!file) return tl::unexpected(file.error());
      pid_file_.emplace(*std::move(file));
    }
    if (!ids_) return {};
    auto became = become(*ids_);
    if (became) ids_.reset();  // it opens all files as that user from now on
    return became;
  }

  void report(int exit_code, const std::string& why) {
    if (background_)
      background_->finish(exit_code, why);
    else if (!why.empty())
      std::fprintf(stderr, "%s\n", why.c_str());
  }

  const RunCommand& run_;
  std::optional<UserIds> ids_;
  std::string pid_path_;
  std::optional<Background> background_;
  std::optional<PidFile> pid_file_;
};

}  // namespace

CommandContext command_context() {
  return {};
}

int refuse(std::span<const std::string> /*arguments*/, const std::string& why) {
  return complain(ExitCode::kWrongArguments, why);
}

int execute(const RunCommand& run) {
  return UnixRun(run)();
}

int execute(const InstallCommand& /*install*/) {
  return static_cast<int>(ExitCode::kWrongArguments);
}
int execute(const UninstallCommand& /*uninstall*/) {
  return static_cast<int>(ExitCode::kWrongArguments);
}
int execute(const ControlCommand& /*control*/) {
  return static_cast<int>(ExitCode::kWrongArguments);
}
int execute(const StatusCommand& /*status*/) {
  return static_cast<int>(ExitCode::kWrongArguments);
}

}  // namespace throttle::service
