// The three threads of a service.
//
//   dispatcher   the main thread: inside StartServiceCtrlDispatcherW until the service has stopped;
//                it calls on_control(), which reports a pending state and asks the application
//   ServiceMain  owns the loop and all that is in it
//   keeper       wakes up each second: checkpoints, a loop that hangs, a stop that takes too long
//
// One mutex stands around the states, the keeper's rules and SetServiceStatus, which is called in
// report() alone. What is reported last is STOPPED, when the application has returned.
#include "service/scm_host_win32.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "libthrottle/app/control.h"
#include "libthrottle/app/run.h"
#include "libthrottle/app/supervisor.h"
#include "libthrottle/core/check_reporter.h"
#include "libthrottle/telemetry/append_file.h"
#include "service/event_log_win32.h"
#include "service/install_plan.h"
#include "service/jobs.h"
#include "service/keeper_rules.h"
#include "service/scm_states.h"
#include "service/system_win32.h"
#include "service/verbs.h"

namespace throttle::service {

namespace {

using namespace std::chrono_literals;

constexpr Duration kTick = 1s;
constexpr Duration kMostShutdown = 50s;  // of the 60 s that PRESHUTDOWN gives
constexpr Duration kUnknownDrain = 60s;  // until the application says its deadline

std::string milliseconds(Duration length) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
}

class ScmHost final : public app::Supervisor {
 public:
  // `refusal`: why it cannot even begin, which is all that it then reports.
  explicit ScmHost(const RunCommand& run, std::string refusal = {})
      : run_(run), refusal_(std::move(refusal)), events_(run.name) {}

  int dispatch() {
    running_ = this;
    report_failed_checks_to([](const char* what) noexcept { running_->note_bug(what); });
    std::wstring name = wide(run_.name);
    const SERVICE_TABLE_ENTRYW table[] = {{name.data(), &service_main}, {nullptr, nullptr}};
    if (StartServiceCtrlDispatcherW(table) != 0) return exit_code_;
    if (GetLastError() != ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
      return complain(ExitCode::kFailed, system_error("the Service Control Manager").message);
    if (!refusal_.empty()) return complain(ExitCode::kWrongArguments, refusal_);
    return complain(ExitCode::kWrongArguments,
                    "--scm is for the Service Control Manager, which did not start this process; "
                    "leave it out");
  }

 private:
  static void WINAPI service_main(DWORD, wchar_t**) { running_->serve(); }
  static DWORD WINAPI handle(DWORD control, DWORD, void*, void* host) {
    return static_cast<DWORD>(static_cast<ScmHost*>(host)->on_control(control));
  }

  // --- ServiceMain ---

  void serve() {
    handle_ = RegisterServiceCtrlHandlerExW(wide(run_.name).c_str(), &handle, this);
    if (handle_ == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      report(states_.report());
    }
    if (refusal_.empty())
      run();
    else
      note_start(static_cast<int>(ExitCode::kWrongArguments), refusal_);
    const std::lock_guard lock(mutex_);
    report(states_.on_ended(outcome_));
  }

  void run() {
    std::thread keeper([this] { keep(); });
    go_to_the_folder();
    events_.write(EventId::kStarting, {"starting: " + run_.configuration});
    try {
      exit_code_ = app::run(
          parts_of(run_.role), job(),
          {.supervisor = this,
           .control = &control_,
           .signals = app::Surroundings::Signals::kIgnore,
           .exit_codes = app::Surroundings::ExitCodes::kOfAService,
           .more_outlets = [this](const auto& settings) { return outlets(settings); },
           .on_started = [this](int code, const std::string& why) { note_start(code, why); }});
    } catch (const std::system_error& error) {
      note_start(static_cast<int>(ExitCode::kFailed),
                 std::string("the system refused what it needs: ") + error.what());
    }
    end_keeper(keeper);
    events_.write(EventId::kStopped, {"stopped"});
  }

  // The working directory of a service is System32.
  void go_to_the_folder() const {
    const std::u8string name(run_.configuration.begin(), run_.configuration.end());
    std::error_code ignored;
    std::filesystem::current_path(std::filesystem::path(name).parent_path(), ignored);
  }

  // The Event Log and a file, unless the configuration says otherwise; nobody reads stderr.
  app::Job job() const {
    app::Job made = make_job({.role = run_.role, .configuration = run_.configuration});
    for (app::Application::Load* const load : {&made.load, &made.load_again})
      *load = [this, inner = *load] { return with_logs(inner()); };
    return made;
  }

  std::string log_path() const { return usual_log(data_folder(), run_.name); }

  Result<config::LoadedSettings> with_logs(Result<config::LoadedSettings> loaded) const {
    if (!loaded) return loaded;
    telemetry::Settings& logging = loaded->settings.logging;
    logging.terminal.level = telemetry::Level::kOff;
    if (!logging.file) logging.file.emplace().path = log_path();
    if (!logging.event_log) logging.event_log.emplace();
    return loaded;
  }

  std::vector<telemetry::Logger::Outlet> outlets(const telemetry::Settings& settings) const {
    std::vector<telemetry::Logger::Outlet> made;
    if (settings.event_log) {
      made.push_back({telemetry::LogFilter(settings.event_log->level),
                      std::make_unique<EventLogSink>(run_.name)});
    }
    return made;
  }

  // --- the dispatcher's thread ---

  ScmAnswer on_control(DWORD number) {
    ScmVerdict verdict;
    {
      const std::lock_guard lock(mutex_);
      verdict = states_.on_control(number);
      report(verdict.report);
      const bool stops = verdict.request == ScmRequest::kStop ||
                         verdict.request == ScmRequest::kStopAtShutdown ||
                         verdict.request == ScmRequest::kStopNow;
      if (stops) keeper_.on_stop(unbiased_now(), kUnknownDrain);
      if (verdict.request == ScmRequest::kStopAtShutdown)
        cut_off_at_ = saturating_add(unbiased_now(), kMostShutdown);
    }
    ask(verdict.request);
    return verdict.answer;
  }

  void ask(ScmRequest request) {
    switch (request) {
      case ScmRequest::kNone:
        return;
      case ScmRequest::kStop:
        return control_.stop("the Service Control Manager");
      case ScmRequest::kStopAtShutdown:
        return control_.stop("the end of Windows");
      case ScmRequest::kStopNow:
        return control_.stop_now("the Service Control Manager");
      case ScmRequest::kReload:
        return control_.reload();
      case ScmRequest::kPause:
        return control_.pause();
      case ScmRequest::kResume:
        return control_.resume();
    }
  }

  // --- the keeper ---

  void keep() {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kTick, [this] { return has_ended_; })) {
      report(states_.on_tick());
      const TimePoint now = unbiased_now();
      if (now >= cut_off_at_) {
        cut_off_at_ = kNever;
        control_.stop_now("the end of Windows");
      }
      end_what_hangs(keeper_.verdict(now));
    }
  }

  void end_what_hangs(KeeperVerdict verdict) {
    if (verdict == KeeperVerdict::kAllWell) return;
    const bool stops = verdict == KeeperVerdict::kHungStop;
    if (stops) {
      events_.write(EventId::kHungStop, {"the stop takes too long; the process is ended"});
      report(states_.on_ended(ScmOutcome::kDone));
    } else {
      events_.write(EventId::kHungLoop,
                    {"the loop did not turn for a minute; the process is ended and restarted"});
    }
    TerminateProcess(GetCurrentProcess(), stops ? 0 : 1);
  }

  void end_keeper(std::thread& keeper) {
    {
      const std::lock_guard lock(mutex_);
      has_ended_ = true;
    }
    ended_.notify_all();
    keeper.join();
  }

  // --- of the application ---

  void on_configuration_read() noexcept override { step(); }
  void on_log_open() noexcept override { step(); }
  void on_waiting_for_address(std::string_view /*address*/) noexcept override { step(); }
  void on_listening(const app::Listener& /*listener*/) noexcept override { step(); }

  void on_ready(const app::Ready& ready) noexcept override {
    std::string text = "ready:";
    for (const app::Listener& listener : ready.listeners)
      text += " " + listener.name + " on " + listener.address.to_string();
    events_.write(EventId::kReady, {text});
    const std::lock_guard lock(mutex_);
    keeper_.on_turn(unbiased_now());
    report(states_.on_ready());
  }

  // A start that fails before the application exists is reported to nobody else.
  void note_start(int exit_code, const std::string& why) {
    if (exit_code == 0 || outcome_ != ScmOutcome::kDone) return;
    const bool is_configuration = exit_code == static_cast<int>(ExitCode::kWrongConfiguration);
    on_start_failed(is_configuration ? app::StartStep::kConfiguration : app::StartStep::kOther,
                    {ErrorCode::kUnavailable, why.empty() ? "the start failed early" : why});
    if (!is_configuration) note_mistakes(why);
  }

  void on_start_failed(app::StartStep step, const Error& error) noexcept override {
    EventId id = EventId::kCannotStart;
    outcome_ = ScmOutcome::kCannotStart;
    if (step == app::StartStep::kConfiguration) {
      id = EventId::kWrongConfiguration;
      outcome_ = ScmOutcome::kWrongConfiguration;
    } else if (step == app::StartStep::kListen) {
      id = EventId::kCannotListen;
      outcome_ = ScmOutcome::kCannotListen;
    }
    events_.write(id, {error.message});
    if (step == app::StartStep::kConfiguration) note_mistakes(error.message);
  }

  // There is no log yet, so its usual file says it.
  void note_mistakes(const std::string& mistakes) const noexcept {
    note_in_file("cannot start: " + mistakes);
  }

  // The process ends right after this.
  void note_bug(const char* what) const noexcept {
    events_.write(EventId::kBrokenInvariant, {std::string("a bug: ") + what});
    note_in_file(std::string("a bug: ") + what);
  }

  void note_in_file(const std::string& text) const noexcept {
    auto file = telemetry::AppendFile::open(log_path());
    if (file) file->write(text + "\n");
  }

  Duration pulse_interval() const noexcept override { return kTick; }
  void on_pulse(const app::Activity& /*activity*/) noexcept override {
    const std::lock_guard lock(mutex_);
    keeper_.on_turn(unbiased_now());
  }

  void on_reloaded() noexcept override { events_.write(EventId::kReloaded, {"reloaded"}); }
  void on_reload_refused(const Error& mistakes) noexcept override {
    events_.write(EventId::kRefusedReload,
                  {"reload refused; the old configuration stays in force: " + mistakes.message});
  }
  void on_paused() noexcept override {
    events_.write(EventId::kPaused, {"paused: nothing is granted"});
    const std::lock_guard lock(mutex_);
    report(states_.on_paused());
  }
  void on_continued() noexcept override {
    events_.write(EventId::kContinued, {"continued"});
    const std::lock_guard lock(mutex_);
    report(states_.on_continued());
  }
  void on_stopping(const app::Stopping& stopping) noexcept override {
    events_.write(EventId::kStopping, {"stopping, asked by " + std::string(stopping.asked_by),
                                       "cut_off_after_ms=" + milliseconds(stopping.at_most)});
    const std::lock_guard lock(mutex_);
    report(states_.on_stopping());
    keeper_.on_deadline(saturating_add(unbiased_now(), stopping.at_most));
  }

  void step() {
    const std::lock_guard lock(mutex_);
    report(states_.on_step());
  }

  // Under the mutex, and nowhere else.
  void report(const std::optional<ScmReport>& wanted) {
    if (!wanted) return;
    SERVICE_STATUS status{};
    status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status.dwCurrentState = static_cast<DWORD>(wanted->state);
    status.dwControlsAccepted = wanted->accepts;
    status.dwWin32ExitCode = wanted->exit_code;
    status.dwServiceSpecificExitCode = wanted->specific_code;
    status.dwCheckPoint = wanted->checkpoint;
    status.dwWaitHint = wanted->wait_hint_ms;
    SetServiceStatus(handle_, &status);
  }

  static ScmHost* running_;  // ServiceMain has no argument of ours

  const RunCommand& run_;
  std::string refusal_;
  EventSource events_;
  app::Control control_;
  SERVICE_STATUS_HANDLE handle_ = nullptr;
  ScmOutcome outcome_ = ScmOutcome::kDone;
  int exit_code_ = 0;

  std::mutex mutex_;
  ScmStates states_;
  KeeperRules keeper_;
  TimePoint cut_off_at_ = kNever;
  bool has_ended_ = false;
  std::condition_variable ended_;
};

ScmHost* ScmHost::running_ = nullptr;

}  // namespace

int run_under_scm(const RunCommand& run) {
  return ScmHost(run).dispatch();
}

int refuse_under_scm(const std::string& name, const std::string& why) {
  const RunCommand run{.configuration = {}, .name = name};
  return ScmHost(run, why).dispatch();
}

}  // namespace throttle::service
