#include "libthrottle/server/application.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libthrottle/server/lease_server.h"
#include "libthrottle/server/logging.h"
#include "libthrottle/server/proxies.h"
#include "libthrottle/server/stop_signals.h"
#include "libthrottle/server/version.h"
#include "libthrottle/uv/acceptor.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/signal.h"
#include "libthrottle/uv/timer.h"

namespace throttle::server {

namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return EXIT_FAILURE;
}

// At the start a file that does not exist stands for the defaults. Later it is a mistake: taking it
// for an empty one would retire every semaphore.
Result<config::LoadedSettings> load_existing(const config::ServerOptions& options) {
  auto loaded = config::load_settings(options);
  if (loaded && loaded->file == config::FileState::kMissing) {
    return fail(ErrorCode::kNotFound, options.configuration + " does not exist");
  }
  return loaded;
}

// What is left of the settings when the parts that can change at run time are taken away.
config::ServerSettings fixed_part(config::ServerSettings settings) {
  settings.semaphores.clear();
  settings.proxies.clear();
  settings.drain_timeout = {};
  return settings;
}

// Of all connections that can have a place at a proxy, with the service's end of each.
std::uint64_t descriptors_wanted(const config::ServerSettings& settings) {
  constexpr Count kMost = 1'000'000'000;
  std::uint64_t places = 0;
  for (const SemaphoreSettings& semaphore : semaphores_in_force(settings)) {
    const bool of_a_proxy =
        std::ranges::count(settings.proxies, semaphore.name, &proxy::Settings::semaphore_name) > 0;
    if (of_a_proxy)
      places += static_cast<std::uint64_t>(std::clamp<Count>(semaphore.full_count, 0, kMost));
  }
  return uv::Acceptor::kSpareDescriptors + 2 * places;
}

// What the two tools do differently.
struct Purpose {
  bool serves_leases = false;
  std::string configuration;  // the name of the file, for people; empty if there is none
  std::function<Result<config::LoadedSettings>()> reload;
};

int report_check(const Result<config::LoadedSettings>& loaded, const std::string& what) {
  if (!loaded) return complain(loaded.error());
  for (const std::string& warning : loaded->warnings)
    std::fprintf(stderr, "%s\n", warning.c_str());
  const config::ServerSettings& settings = loaded->settings;
  std::printf("%s is valid: %zu semaphores, %zu proxies\n", what.c_str(),
              settings.semaphores.size(), settings.proxies.size());
  return EXIT_SUCCESS;
}

class Application {
 public:
  Application(Purpose purpose, config::LoadedSettings loaded);

  int run();

 private:
  int give_up(const Error& error);
  Result<void> start();
  void raise_descriptor_limit();
  Result<void> start_http();
  Result<void> watch_signals();
  void on_stop_signal();
  void on_reload_signal();
  void put_in_force(config::ServerSettings wanted);
  void on_drain_timeout();
  void stop_http();
  void finish_if_stopped();

  Purpose purpose_;
  config::ServerSettings settings_;
  std::vector<std::string> warnings_;
  uv::Loop loop_;
  // Go after the log is written out: a signal that comes so late ends nothing that has not ended.
  std::vector<uv::Signal> signals_;
  MadeLogger logger_;
  telemetry::Log log_;
  uv::LedgerRuntime runtime_;
  Proxies proxies_;
  std::unique_ptr<LeaseServer> server_;  // none for a proxy that does not show its status
  uv::Timer drain_timer_;
  bool stopping_ = false;
  bool proxies_stopped_ = false;
  bool http_stopped_ = false;
  int exit_code_ = EXIT_SUCCESS;
};

Application::Application(Purpose purpose, config::LoadedSettings loaded)
    : purpose_(std::move(purpose)),
      settings_(std::move(loaded.settings)),
      warnings_(std::move(loaded.warnings)),
      logger_(make_logger(loop_, settings_.logging, std::getenv("THROTTLE_LOG"))),
      log_(logger_.logger->target("app")),
      runtime_(loop_, settings_.startup_grace),
      proxies_(loop_, runtime_, logger_.logger->target("proxy")),
      drain_timer_(loop_, uv::bound<&Application::on_drain_timeout>(this)) {}

int Application::run() {
  if (const auto started = start(); !started) return give_up(started.error());
  loop_.run();
  log_.info("stopped");
  return exit_code_;
}

// Whoever wants no log at all still has to know.
int Application::give_up(const Error& error) {
  const telemetry::LogFilter& terminal = logger_.logger->outlets().front().filter;
  if (terminal.threshold("app") < telemetry::Level::kError) return complain(error);
  log_.error("cannot start", {{"reason", error.message}});
  return EXIT_FAILURE;
}

Result<void> Application::start() {
  if (purpose_.configuration.empty())
    log_.info("starting", {{"version", kVersion}});
  else
    log_.info("starting", {{"version", kVersion}, {"configuration", purpose_.configuration}});
  for (const std::string& warning : warnings_)
    log_.warn(warning);
  if (!logger_.warning.empty()) log_.error(logger_.warning);
  raise_descriptor_limit();
  runtime_.ledger().configure(uv::now(), semaphores_in_force(settings_));
  if (auto watching = watch_signals(); !watching) return watching;
  if (auto opened = proxies_.open(settings_.proxies); !opened) return opened;
  return start_http();
}

void Application::raise_descriptor_limit() {
  const std::size_t limit = uv::raise_descriptor_limit();
  const std::uint64_t wanted = descriptors_wanted(settings_);
  if (wanted <= limit) return;
  log_.warn("the limit of open files is too low for all connections that may be let through",
            {{"limit", limit}, {"wanted", wanted}});
}

Result<void> Application::start_http() {
  if (!purpose_.serves_leases && !settings_.status) return {};
  config::HttpSettings http = settings_.http;
  if (!purpose_.serves_leases) http.listen = *settings_.status;
  auto server = LeaseServer::open(
      {loop_, runtime_, *logger_.logger, proxies_}, http,
      purpose_.serves_leases ? LeaseServer::Role::kLeases : LeaseServer::Role::kStatus);
  if (!server) return tl::unexpected(server.error());
  server_ = std::move(*server);
  log_.info("ready", {{"address", server_->local_address().to_string()},
                      {"semaphores", settings_.semaphores.size()}});
  return {};
}

Result<void> Application::watch_signals() {
  const auto watch = [this](std::span<const int> numbers, uv::Callback<void()> callback) {
    for (const int number : numbers) {
      auto signal = uv::Signal::watch(loop_, number, callback);
      if (!signal) return Result<void>(tl::unexpected(signal.error()));
      signals_.push_back(std::move(*signal));
    }
    return Result<void>();
  };
  if (auto watching = watch(stop_signals(), uv::bound<&Application::on_stop_signal>(this));
      !watching) {
    return watching;
  }
  return watch(reload_signals(), uv::bound<&Application::on_reload_signal>(this));
}

void Application::on_stop_signal() {
  if (stopping_) {
    log_.warn("stopping at once");
    exit_code_ = EXIT_FAILURE;
    proxies_.close_now();
    if (server_) server_->close_now();
    return;
  }
  stopping_ = true;
  log_.info("stopping");
  // Who serves leases answers them at once; a status page tells of the proxies to their end.
  if (purpose_.serves_leases) stop_http();
  proxies_.drain([this] {
    proxies_stopped_ = true;
    if (!purpose_.serves_leases) stop_http();
    finish_if_stopped();
  });
}

void Application::stop_http() {
  if (!server_) return;
  drain_timer_.arm(saturating_add(uv::now(), settings_.drain_timeout));
  server_->stop([this] {
    http_stopped_ = true;
    finish_if_stopped();
  });
}

void Application::finish_if_stopped() {
  if (proxies_stopped_ && (http_stopped_ || !server_)) loop_.stop();
}

void Application::on_drain_timeout() {
  log_.warn("some requests did not end within the drain timeout and are cut off");
  server_->close_now();
}

void Application::on_reload_signal() {
  if (stopping_) return log_.info("the file is not read again: this process stops");
  if (purpose_.configuration.empty()) {
    log_.info("there is no configuration file to read again");
    return;
  }
  auto loaded = purpose_.reload();
  if (!loaded) {
    log_.error("the configuration is not valid and the old one stays in force",
               {{"reason", loaded.error().message}});
    return;
  }
  for (const std::string& warning : loaded->warnings)
    log_.warn(warning);
  put_in_force(std::move(loaded->settings));
  log_.info("reloaded",
            {{"semaphores", settings_.semaphores.size()}, {"proxies", settings_.proxies.size()}});
}

void Application::put_in_force(config::ServerSettings wanted) {
  if (fixed_part(wanted) != fixed_part(settings_)) {
    log_.warn(
        "only semaphores, proxies and the drain timeout are reloaded; the rest needs a restart");
  }
  for (const config::KeptSemaphore& change : config::keep_semaphores(wanted, settings_)) {
    const std::string key = "proxy." + change.proxy + ".semaphore";
    log_.warn("a running proxy keeps its semaphore; restart, or remove the proxy and add it again",
              {{"key", key}, {"kept", change.kept}, {"refused", change.wanted}});
  }
  settings_.semaphores = std::move(wanted.semaphores);
  settings_.proxies = std::move(wanted.proxies);
  settings_.drain_timeout = wanted.drain_timeout;
  raise_descriptor_limit();
  runtime_.ledger().configure(uv::now(), semaphores_in_force(settings_));
  runtime_.hub().settle();
  proxies_.reload(settings_.proxies);
  // What could not be opened does not run, and is as new at the next reload.
  std::erase_if(settings_.proxies, [this](const auto& each) { return !proxies_.has(each.name); });
}

}  // namespace

int run_server(const config::ServerOptions& options) {
  uv::occupy_standard_descriptors();
  auto loaded = config::load_settings(options);
  if (!loaded) return complain(loaded.error());
  Purpose purpose{.serves_leases = true,
                  .configuration = options.configuration,
                  .reload = [options] { return load_existing(options); }};
  return Application(std::move(purpose), std::move(*loaded)).run();
}

int run_proxy(const config::ProxyOptions& options) {
  uv::occupy_standard_descriptors();
  auto loaded = config::load_settings(options);
  if (!loaded) return complain(loaded.error());
  Purpose purpose{.configuration = options.configuration.value_or(""),
                  .reload = [options] { return config::load_settings(options); }};
  return Application(std::move(purpose), std::move(*loaded)).run();
}

int check_configuration(const config::ServerOptions& options) {
  return report_check(load_existing(options), options.configuration);
}

int check_configuration(const config::ProxyOptions& options) {
  return report_check(config::load_settings(options),
                      options.configuration.value_or("the command line"));
}

}  // namespace throttle::server
