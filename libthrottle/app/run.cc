// The order matters: the environment is cleared of what belongs to systemd before any command can
// inherit it, and signals are caught until after the log is written out.
#include "libthrottle/app/run.h"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "libthrottle/app/reload_event.h"
#include "libthrottle/app/service_environment.h"
#include "libthrottle/app/signals.h"
#include "libthrottle/app/systemd_supervisor.h"
#include "libthrottle/core/memory_reserve.h"
#include "libthrottle/core/text.h"
#include "libthrottle/uv/descriptors.h"

namespace throttle::app {

namespace {

// A service may start before the network is up; somebody at a terminal wants to know at once.
constexpr Duration kAddressPatience = std::chrono::seconds(30);

struct Managers {
  std::optional<SystemdSupervisor> systemd;
  Supervisor nobody;
};

// The supervisor that is notified: the caller's choice, or systemd if it is there.
Result<Supervisor*> supervisor_of(const Surroundings& around, const ServiceEnvironment& environment,
                                  Managers& managers) {
  if (around.supervisor != nullptr) return around.supervisor;
  if (!environment.notify_socket) return &managers.nobody;
  const auto address = parse_notify_socket(*environment.notify_socket);
  if (!address) return tl::unexpected(address.error());
  if (!*address) return &managers.nobody;
  return &managers.systemd.emplace(**address, environment.watchdog);
}

std::optional<std::string> log_filter() {
  const char* const filter = std::getenv("THROTTLE_LOG");
  return filter == nullptr ? std::nullopt : std::optional<std::string>(filter);
}

class Run {
 public:
  explicit Run(const Surroundings& around)
      : around_(around), is_service_(around.exit_codes == Surroundings::ExitCodes::kOfAService) {}

  int operator()(const Role& role, const Job& job) {
    set_memory_reserve_aside();
    if (const auto open = uv::occupy_standard_descriptors(); !open)
      return give_up(EXIT_FAILURE, open.error().message);
    auto environment = take_service_environment();
    if (!environment) return give_up(kWrongConfiguration, environment.error().message);
    is_service_ |= environment->notify_socket.has_value();
    Managers managers;
    const auto supervisor = supervisor_of(around_, *environment, managers);
    if (!supervisor) return give_up(kWrongConfiguration, supervisor.error().message);
    return serve({.compose = role.compose,
                  .load = job.load,
                  .reload = job.load_again,
                  .configuration = job.configuration,
                  .log_filter = log_filter(),
                  .more_outlets = around_.more_outlets,
                  .sockets = std::move(environment->listeners),
                  .http_name = role.http_name,
                  .address_patience = is_service_ ? kAddressPatience : Duration(),
                  .open_files_as = around_.open_files_as,
                  .before_ready = around_.before_ready},
                 **supervisor);
  }

 private:
  int serve(Application::Options options, Supervisor& supervisor) {
    Control own_control;
    Control& control = around_.control != nullptr ? *around_.control : own_control;
    const auto made = Application::create(std::move(options), control, supervisor);
    if (!made) return give_up(EXIT_FAILURE, made.error().message);
    Application& application = **made;
    Signals signals(application.loop(), control);
    if (around_.signals == Surroundings::Signals::kCatch) {
      if (const auto watching = signals.watch(); !watching)
        return give_up(EXIT_FAILURE, watching.error().message);
    }
    std::optional<ReloadEvent> reloads;
    if (around_.signals == Surroundings::Signals::kCatch) {
      auto watching = ReloadEvent::watch(control);
      if (!watching) return give_up(EXIT_FAILURE, watching.error().message);
      reloads.emplace(*std::move(watching));
    }
    if (const auto started = application.start(); !started) {
      const bool said = application.logs_errors();
      if (application.failed_step() == StartStep::kStopped) {
        give_up(EXIT_FAILURE, started.error().message, said);
        return EXIT_SUCCESS;
      }
      const bool wrong = application.failed_step() == StartStep::kConfiguration;
      return give_up(wrong && is_service_ ? kWrongConfiguration : EXIT_FAILURE,
                     started.error().message, said);
    }
    if (around_.on_started) around_.on_started(EXIT_SUCCESS, "");
    return application.run();
  }

  int give_up(int exit_code, const std::string& message, bool is_logged = false) {
    if (around_.on_started)
      around_.on_started(exit_code, is_logged ? "" : message);
    else if (!is_logged)
      std::fprintf(stderr, "%s\n", message.c_str());
    return exit_code;
  }

  const Surroundings& around_;
  bool is_service_;
};

}  // namespace

int run(const Role& role, const Job& job, const Surroundings& around) {
  return Run(around)(role, job);
}

int check(const Job& job, int if_wrong) {
  const auto loaded = job.load_again ? job.load_again() : job.load();
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    return if_wrong;
  }
  for (const std::string& warning : loaded->warnings)
    std::fprintf(stderr, "%s\n", warning.c_str());
  const std::string what = job.configuration.empty() ? "the command line" : job.configuration;
  std::printf("%s is valid: %s, %s\n", what.c_str(),
              counted(loaded->settings.semaphores.size(), "semaphore").c_str(),
              counted(loaded->settings.proxies.size(), "proxy", "proxies").c_str());
  return EXIT_SUCCESS;
}

}  // namespace throttle::app
