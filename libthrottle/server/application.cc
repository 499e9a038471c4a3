#include "libthrottle/server/application.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libthrottle/server/lease_server.h"
#include "libthrottle/server/logging.h"
#include "libthrottle/server/stop_signals.h"
#include "libthrottle/server/version.h"
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
  settings.drain_timeout = {};
  return settings;
}

class Application {
 public:
  Application(config::ServerOptions options, config::LoadedSettings loaded);

  int run();

 private:
  Result<void> start();
  Result<void> watch_signals();
  void on_stop_signal();
  void on_reload_signal();
  void on_drain_timeout();
  void finish();

  config::ServerOptions options_;
  config::ServerSettings settings_;
  std::vector<std::string> warnings_;
  uv::Loop loop_;
  MadeLogger logger_;
  telemetry::Log log_;
  uv::LedgerRuntime runtime_;
  std::unique_ptr<LeaseServer> server_;
  std::vector<uv::Signal> signals_;
  uv::Timer drain_timer_;
  bool stopping_ = false;
  int exit_code_ = EXIT_SUCCESS;
};

Application::Application(config::ServerOptions options, config::LoadedSettings loaded)
    : options_(std::move(options)),
      settings_(std::move(loaded.settings)),
      warnings_(std::move(loaded.warnings)),
      logger_(make_logger(loop_, settings_.logging, std::getenv("THROTTLE_LOG"))),
      log_(logger_.logger->target("app")),
      runtime_(loop_, settings_.startup_grace),
      drain_timer_(loop_, uv::bound<&Application::on_drain_timeout>(this)) {}

int Application::run() {
  if (const auto started = start(); !started) return complain(started.error());
  loop_.run();
  log_.info("stopped");
  return exit_code_;
}

Result<void> Application::start() {
  log_.info("starting", {{"version", kVersion}, {"configuration", options_.configuration}});
  for (const std::string& warning : warnings_)
    log_.warn(warning);
  if (!logger_.warning.empty()) log_.warn(logger_.warning);
  uv::raise_descriptor_limit();
  runtime_.ledger().configure(uv::now(), settings_.semaphores);
  if (auto watching = watch_signals(); !watching) return watching;
  auto server = LeaseServer::open({loop_, runtime_, *logger_.logger}, settings_.http);
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
    server_->close_now();
    return;
  }
  stopping_ = true;
  log_.info("stopping");
  drain_timer_.arm(saturating_add(uv::now(), settings_.drain_timeout));
  server_->stop([this] { finish(); });
}

void Application::on_drain_timeout() {
  log_.warn("some requests did not end within the drain timeout and are cut off");
  server_->close_now();
}

void Application::finish() {
  loop_.stop();
}

void Application::on_reload_signal() {
  auto loaded = load_existing(options_);
  if (!loaded) {
    log_.error("the configuration is not valid and the old one stays in force",
               {{"reason", loaded.error().message}});
    return;
  }
  for (const std::string& warning : loaded->warnings)
    log_.warn(warning);
  if (fixed_part(loaded->settings) != fixed_part(settings_)) {
    log_.warn("only the semaphores and the drain timeout are reloaded; the rest needs a restart");
  }
  settings_.semaphores = loaded->settings.semaphores;
  settings_.drain_timeout = loaded->settings.drain_timeout;
  runtime_.ledger().configure(uv::now(), settings_.semaphores);
  runtime_.hub().settle();
  log_.info("reloaded", {{"semaphores", settings_.semaphores.size()}});
}

}  // namespace

int run_server(const config::ServerOptions& options) {
  auto loaded = config::load_settings(options);
  if (!loaded) return complain(loaded.error());
  return Application(options, std::move(*loaded)).run();
}

int check_configuration(const config::ServerOptions& options) {
  const auto loaded = load_existing(options);
  if (!loaded) return complain(loaded.error());
  for (const std::string& warning : loaded->warnings)
    std::fprintf(stderr, "%s\n", warning.c_str());
  std::printf("%s is valid: %zu semaphores\n", options.configuration.c_str(),
              loaded->settings.semaphores.size());
  return EXIT_SUCCESS;
}

}  // namespace throttle::server
