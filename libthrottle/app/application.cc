// The life of an Application:
//
//   kNew ──start()──► kStarting ──► kServing ──stop──► kDraining ──stop_now──► kClosing
//                         │                                │                       │
//                         └──► kFailed                     └──────► kStopped ◄─────┘
//
// Only move_to() changes the phase. Requests are carried out in kServing and later; in kDraining
// and kClosing a reload is ignored with a line in the log. The parts exist from kStarting on, and
// are destroyed, the last first, when run() returns.
//
// A reload reads the file, looks up the hosts that the proxies listen on, and puts everything in
// force when they are known; the process serves meanwhile. A reload asked for during the look-ups
// follows them, and one that is overtaken by a stop is refused.
//
// Draining: the waves of the composition one after the other. The parts of a wave get a deadline
// each and report when they have drained. After stop_now each further wave is closed as soon as it
// drains, so nothing waits any more.
#include "libthrottle/app/application.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "libthrottle/app/missing_address.h"
#include "libthrottle/app/version.h"
#include "libthrottle/config/reload.h"
#include "libthrottle/core/check.h"
#include "libthrottle/telemetry/file_sink.h"
#include "libthrottle/uv/acceptor.h"
#include "libthrottle/uv/async.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/handed_sockets.h"
#include "libthrottle/uv/host_table.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "libthrottle/uv/orphan_reaper.h"
#include "libthrottle/uv/timer.h"

namespace throttle::app {

namespace {

constexpr Duration kProgressInterval = std::chrono::seconds(1);
constexpr Duration kAddressInterval = std::chrono::milliseconds(500);
// Of the hosts that something listens on.
constexpr Duration kLookUpLimit = std::chrono::seconds(10);

// Of all connections that can have a place at a proxy, with the service's end of each.
std::uint64_t descriptors_wanted(const config::ServerSettings& settings) {
  constexpr Count kMost = 1'000'000'000;
  std::uint64_t places = 0;
  for (const SemaphoreSettings& semaphore : config::semaphores_in_force(settings)) {
    const bool of_a_proxy =
        std::ranges::count(settings.proxies, semaphore.name, &proxy::Settings::semaphore_name) > 0;
    if (of_a_proxy)
      places += static_cast<std::uint64_t>(std::clamp<Count>(semaphore.full_count, 0, kMost));
  }
  return uv::Acceptor::kSpareDescriptors + 2 * places;
}

// Without handed sockets and Unix sockets, which have no host.
void add_host(const HostPort& place, std::vector<HostPort>& hosts) {
  if (!uv::HandedSockets::is_place(place) && !place.is_unix()) hosts.push_back(place);
}

// Where the proxies listen: no other listener changes at a reload.
std::vector<HostPort> proxy_hosts(const config::ServerSettings& settings) {
  std::vector<HostPort> hosts;
  for (const proxy::Settings& each : settings.proxies)
    for (const HostPort& place : each.listen)
      add_host(place, hosts);
  return hosts;
}

std::vector<HostPort> all_hosts(const config::ServerSettings& settings) {
  std::vector<HostPort> hosts = proxy_hosts(settings);
  add_host(settings.http.listen, hosts);
  if (settings.status) add_host(*settings.status, hosts);
  return hosts;
}

std::int64_t whole_ms(Duration length) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
}

// All that a started process has beside its log, in the order in which it is made. The start-up
// grace begins with it.
struct Running {
  Running(uv::Loop& loop, const config::ServerSettings& settings)
      : orphans(uv::OrphanReaper::where_needed(loop)),
        runtime(loop, settings.startup_grace),
        lines(loop) {}
  ~Running() {
    lines.flush(uv::now());
    while (!composition.parts.empty())
      composition.parts.pop_back();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  uv::OrphanReaper orphans;
  uv::LedgerRuntime runtime;
  telemetry::LimitedLines lines;
  Composition composition;
};

// Each part drains, and once: a part that is in no wave would be cut off without a word.
void check_waves(const Composition& composition) {
  std::set<const Part*> draining;
  for (const auto& wave : composition.drain_waves)
    for (const Part* const part : wave)
      THROTTLE_CHECK(draining.insert(part).second);
  for (const auto& part : composition.parts)
    THROTTLE_CHECK(draining.contains(part.get()));
}

enum class Phase : std::uint8_t {
  kNew,
  kStarting,
  kServing,
  kDraining,
  kClosing,
  kStopped,
  kFailed,
};

bool may_follow(Phase from, Phase to) {
  switch (to) {
    case Phase::kNew:
      return false;
    case Phase::kStarting:
      return from == Phase::kNew;
    case Phase::kServing:
    case Phase::kFailed:
      return from == Phase::kStarting;
    case Phase::kDraining:
      return from == Phase::kServing;
    case Phase::kClosing:
      return from == Phase::kDraining;
    case Phase::kStopped:
      return from == Phase::kDraining || from == Phase::kClosing;
  }
  return false;
}

}  // namespace

struct Application::State {
  State(Options its_options, Control& its_control, Supervisor& its_supervisor, uv::Loop& its_loop)
      : options(std::move(its_options)),
        control(its_control),
        supervisor(its_supervisor),
        loop(its_loop),
        wake_up(loop, uv::bound<&State::on_requests>(this)),
        pulse_timer(loop, uv::bound<&State::on_pulse_due>(this)),
        progress_timer(loop, uv::bound<&State::on_progress_due>(this)) {
    THROTTLE_CHECK(options.compose != nullptr && options.load);
  }

  void move_to(Phase next) {
    THROTTLE_CHECK(may_follow(phase, next));
    phase = next;
  }

  Result<void> start();
  Result<void> fail_start(StartStep step, const Error& error);
  Result<void> use_sockets(config::ServerSettings& wanted);
  void listen_on_sockets(config::ServerSettings& wanted) const;
  Result<void> wait_for_addresses();
  void on_address_check_due() { loop.stop(); }
  Result<void> open_log(const config::LoadedSettings& loaded);
  Result<void> start_part(Part& part);
  void raise_descriptor_limit();

  void on_requests();
  void pause();
  void resume();
  void reload();
  void on_hosts_known(uv::HostTable hosts);
  void finish_reload(uv::HostTable hosts);
  void abandon_reload();
  void refuse_reload(const Error& error);
  void put_in_force(config::ServerSettings wanted);
  void stop(std::string_view asked_by);
  void stop_now();

  void drain_next_wave();
  void on_part_drained();
  void on_progress_due();
  void begin_pulse();
  void on_pulse_due();
  Activity activity() const;
  Duration drain_time() const;
  std::size_t open_count() const;
  const std::vector<std::unique_ptr<Part>>& parts() const { return running->composition.parts; }

  Options options;
  Control& control;
  Supervisor& supervisor;
  uv::Loop& loop;
  Phase phase = Phase::kNew;
  bool paused = false;
  config::ServerSettings settings;
  std::optional<MadeLogger> logger;
  std::unique_ptr<Running> running;
  std::optional<uv::HostLookups> lookups;  // of a reload; its settings come into force after them
  config::LoadedSettings new_settings;     // of that reload
  bool reload_again = false;               // asked for during the look-ups
  telemetry::Log log;
  std::vector<Listener> listeners;
  std::size_t waves_begun = 0;
  std::size_t draining = 0;  // parts of the present wave, and one more while it begins
  TimePoint drained_by = kNever;
  int exit_code = EXIT_SUCCESS;
  std::optional<StartStep> failed_step;
  uv::Async wake_up;
  Duration pulse_interval = kForever;
  uv::Timer pulse_timer;
  uv::Timer progress_timer;
};

// --- the start ---

Result<void> Application::State::start() {
  move_to(Phase::kStarting);
  auto loaded = options.load();
  if (!loaded) return fail_start(StartStep::kConfiguration, loaded.error());
  if (const auto used = use_sockets(loaded->settings); !used)
    return fail_start(StartStep::kConfiguration, used.error());
  supervisor.on_configuration_read();
  settings = std::move(loaded->settings);
  if (const auto open = open_log(*loaded); !open)
    return fail_start(StartStep::kOther, open.error());
  raise_descriptor_limit();
  loop.set_opens_files_as(options.open_files_as);
  loop.hosts() = uv::look_up_hosts(all_hosts(settings), kLookUpLimit);
  if (const auto there = wait_for_addresses(); !there)
    return fail_start(StartStep::kStopped, there.error());
  running = std::make_unique<Running>(loop, settings);
  running->composition = options.compose(
      {loop, running->runtime, *logger->logger, running->lines, options.open_files_as}, settings);
  check_waves(running->composition);
  for (const auto& part : parts())
    if (auto started = start_part(*part); !started)
      return fail_start(StartStep::kListen, started.error());
  if (options.before_ready)
    if (const auto allowed = options.before_ready(); !allowed)
      return fail_start(StartStep::kOther, allowed.error());
  move_to(Phase::kServing);
  for (const auto& part : parts())
    part->announce(settings);
  supervisor.on_ready({.listeners = listeners,
                       .semaphores = settings.semaphores.size(),
                       .proxies = settings.proxies.size()});
  begin_pulse();
  control.attach(wake_up);
  return {};
}

// A listener that a socket was handed over for listens on that one instead.
Result<void> Application::State::use_sockets(config::ServerSettings& wanted) {
  if (options.sockets.empty()) return {};
  std::vector<std::string> known = {options.http_name};
  for (const proxy::Settings& each : wanted.proxies)
    known.push_back(each.name);
  std::string mistakes;
  for (const std::string& mistake : unknown_names(options.sockets, known))
    mistakes += (mistakes.empty() ? "" : "\n") + mistake;
  if (!mistakes.empty()) return throttle::fail(ErrorCode::kInvalidArgument, mistakes);
  for (const auto& [name, descriptors] : options.sockets)
    if (auto added = loop.handed_sockets().add(name, descriptors); !added) return added;
  if (auto fit = loop.handed_sockets().check_for_http(options.http_name); !fit) return fit;
  listen_on_sockets(wanted);
  return {};
}

void Application::State::listen_on_sockets(config::ServerSettings& wanted) const {
  const auto replace = [this](const std::string& name, HostPort& listen) {
    if (options.sockets.contains(name)) listen = uv::HandedSockets::place(name);
  };
  for (proxy::Settings& each : wanted.proxies)
    if (options.sockets.contains(each.name)) each.listen = loop.handed_sockets().places(each.name);
  if (options.http_name == "http") replace("http", wanted.http.listen);
  if (!options.sockets.contains(options.http_name)) return;
  if (options.http_name != "http") wanted.status = uv::HandedSockets::place(options.http_name);
}

// An address that does not come is the error of its listener. Error: the process is to stop.
Result<void> Application::State::wait_for_addresses() {
  const std::vector<HostPort> places = all_hosts(settings);
  const TimePoint until = saturating_add(uv::now(), options.address_patience);
  uv::Timer check_again(loop, uv::bound<&State::on_address_check_due>(this));
  bool is_known = false;
  while (uv::now() < until) {
    const auto missing = missing_address(loop, places);
    if (!missing) return {};
    if (!std::exchange(is_known, true)) {
      log.warn("this machine does not have an address to listen on yet; waiting for it",
               {{"address", *missing}, {"at_most_ms", whole_ms(options.address_patience)}});
    }
    supervisor.on_waiting_for_address(*missing);
    check_again.arm(uv::now() + kAddressInterval);
    loop.run();
    if (control.is_stop_requested())
      return throttle::fail(ErrorCode::kUnavailable, "stopped while it waited for " + *missing);
  }
  return {};
}

Result<void> Application::State::open_log(const config::LoadedSettings& loaded) {
  const char* const filter = options.log_filter ? options.log_filter->c_str() : nullptr;
  Result<MadeLogger> made = throttle::fail(ErrorCode::kUnavailable, "the log was not opened");
  const auto open = [&] {
    made = make_logger(loop, settings.logging, filter, options.more_outlets);
  };
  if (auto opened = open_files(options.open_files_as, open); !opened) return opened;
  if (!made) return tl::unexpected(made.error());
  logger = *std::move(made);
  log = logger->logger->target("app");
  supervisor.on_log_open();
  if (options.configuration.empty())
    log.info("starting", {{"version", kVersion}});
  else
    log.info("starting", {{"version", kVersion}, {"configuration", options.configuration}});
  for (const std::string& warning : loaded.warnings)
    log.warn(warning);
  for (const std::string& warning : logger->warnings)
    log.error(warning);
  return {};
}

Result<void> Application::State::start_part(Part& part) {
  if (auto started = part.start(settings); !started) return started;
  for (Listener& listener : part.listeners()) {
    supervisor.on_listening(listener);
    listeners.push_back(std::move(listener));
  }
  return {};
}

Result<void> Application::State::fail_start(StartStep step, const Error& error) {
  move_to(Phase::kFailed);
  failed_step = step;
  log.error("cannot start", {{"reason", error.message}});
  supervisor.on_start_failed(step, error);
  return tl::unexpected(error);
}

void Application::State::raise_descriptor_limit() {
  const std::size_t limit = uv::raise_descriptor_limit();
  const std::uint64_t wanted = descriptors_wanted(settings);
  if (wanted <= limit) return;
  log.warn("the limit of open files is too low for all connections that may be let through",
           {{"limit", limit}, {"wanted", wanted}});
}

// --- requests ---

void Application::State::on_requests() {
  const Control::Requests asked = control.take();
  if (phase == Phase::kStopped) return;
  if (asked.resume) resume();
  if (asked.pause) pause();
  if (asked.reload) reload();
  if (asked.stop || asked.stop_now) stop(asked.asked_by);
  if (asked.stop_now) stop_now();
}

void Application::State::pause() {
  if (phase != Phase::kServing || std::exchange(paused, true)) return;
  for (const auto& part : parts())
    part->pause();
  log.warn("paused: nothing is granted until the process is resumed");
  supervisor.on_paused();
}

void Application::State::resume() {
  if (phase != Phase::kServing || !std::exchange(paused, false)) return;
  for (const auto& part : parts())
    part->resume();
  log.warn("resumed");
  supervisor.on_continued();
}

void Application::State::reload() {
  if (phase != Phase::kServing) return log.info("reload ignored: shutting down");
  if (!options.reload) return log.info("reload ignored: started without a configuration file");
  if (lookups) {
    reload_again = true;
    return;
  }
  supervisor.on_reloading();
  if (logger->file != nullptr) logger->file->reopen();
  auto loaded = options.reload();
  if (!loaded) return refuse_reload(loaded.error());
  if (const auto allowed = config::check_reload(*loaded, settings); !allowed)
    return refuse_reload(
        {allowed.error().code, options.configuration + ": " + allowed.error().message});
  new_settings = *std::move(loaded);
  listen_on_sockets(new_settings.settings);
  const auto hosts = proxy_hosts(new_settings.settings);
  if (!uv::needs_look_up(hosts)) return finish_reload({});
  lookups.emplace(loop, hosts, uv::bound<&State::on_hosts_known>(this), kLookUpLimit);
}

void Application::State::on_hosts_known(uv::HostTable hosts) {
  THROTTLE_CHECK(phase == Phase::kServing && lookups);
  lookups.reset();
  finish_reload(std::move(hosts));
}

// What could not be looked up is an error of the listener that needs it, and of no other.
void Application::State::finish_reload(uv::HostTable hosts) {
  loop.hosts() = std::move(hosts);
  for (const std::string& warning : new_settings.warnings)
    log.warn(warning);
  const config::ServerSettings before = settings;
  put_in_force(std::move(new_settings.settings));
  const std::string changes = config::changes(before, settings);
  log.info("reloaded", {{"semaphores", settings.semaphores.size()},
                        {"proxies", settings.proxies.size()},
                        {"changes", changes.empty() ? "none" : changes}});
  supervisor.on_reloaded();
  if (std::exchange(reload_again, false)) reload();
}

void Application::State::refuse_reload(const Error& error) {
  log.error("reload refused: the old configuration stays in force", {{"reason", error.message}});
  for (const auto& part : parts())
    part->on_reload_refused(error);
  supervisor.on_reload_refused(error);
}

// A reload whose hosts are still being looked up changes nothing any more.
void Application::State::abandon_reload() {
  reload_again = false;
  if (!lookups) return;
  lookups.reset();
  refuse_reload({ErrorCode::kUnavailable, "the process stops"});
}

void Application::State::put_in_force(config::ServerSettings wanted) {
  for (const std::string& key : config::keys_that_need_a_restart(settings, wanted))
    log.warn("a changed setting needs a restart", {{"key", key}});
  for (const config::KeptSemaphore& change : config::keep_semaphores(wanted, settings)) {
    const std::string key = "proxy." + change.proxy + ".semaphore";
    log.warn("a running proxy keeps its semaphore; restart, or remove the proxy and add it again",
             {{"key", key}, {"kept", change.kept}, {"refused", change.wanted}});
  }
  settings = config::with_reloadable_part(settings, std::move(wanted));
  raise_descriptor_limit();
  for (const auto& part : parts())
    part->reload(settings);
}

// --- the end ---

void Application::State::stop(std::string_view asked_by) {
  if (phase != Phase::kServing) return;
  abandon_reload();
  move_to(Phase::kDraining);
  const Duration at_most = drain_time();
  drained_by = saturating_add(uv::now(), at_most);
  log.info(
      "stopping",
      {{"asked_by", asked_by}, {"open", open_count()}, {"cut_off_after_ms", whole_ms(at_most)}});
  supervisor.on_stopping({.asked_by = asked_by, .at_most = at_most, .open = open_count()});
  progress_timer.arm(saturating_add(uv::now(), kProgressInterval));
  drain_next_wave();
}

void Application::State::stop_now() {
  if (phase != Phase::kDraining) return;
  log.warn("stopping at once");
  move_to(Phase::kClosing);
  exit_code = EXIT_FAILURE;
  for (const auto& part : parts())
    part->close_now();
}

Duration Application::State::drain_time() const {
  Duration sum{};
  for (const auto& wave : running->composition.drain_waves) {
    Duration longest{};
    for (const Part* const part : wave)
      longest = std::max(longest, part->drain_time());
    sum = std::min(kForever - longest, sum) + longest;
  }
  return sum;
}

std::size_t Application::State::open_count() const {
  std::size_t sum = 0;
  for (const auto& part : parts())
    sum += part->open_count();
  return sum;
}

void Application::State::drain_next_wave() {
  const auto& waves = running->composition.drain_waves;
  if (waves_begun == waves.size()) {
    move_to(Phase::kStopped);
    progress_timer.disarm();
    pulse_timer.disarm();
    return loop.stop();
  }
  const auto& wave = waves[waves_begun++];
  draining = wave.size() + 1;
  for (Part* const part : wave) {
    part->drain(saturating_add(uv::now(), part->drain_time()), [this] { on_part_drained(); });
    if (phase == Phase::kClosing) part->close_now();
  }
  on_part_drained();  // the one more: the next wave waits until all of this one drain
}

void Application::State::on_part_drained() {
  THROTTLE_CHECK(draining > 0);
  if (--draining == 0) drain_next_wave();
}

void Application::State::begin_pulse() {
  pulse_interval = supervisor.pulse_interval();
  if (pulse_interval != kForever) pulse_timer.arm(saturating_add(uv::now(), pulse_interval));
}

void Application::State::on_pulse_due() {
  supervisor.on_pulse(activity());
  pulse_timer.arm(saturating_add(uv::now(), pulse_interval));
}

Activity Application::State::activity() const {
  Activity sum{.paused = paused};
  for (const SemaphoreState& each : running->runtime.ledger().semaphores()) {
    sum.holding += static_cast<std::size_t>(std::max<Count>(each.acquired, 0));
    sum.waiting += each.waiting;
    sum.longest_wait = std::max(sum.longest_wait, each.longest_wait);
  }
  return sum;
}

void Application::State::on_progress_due() {
  const TimePoint now = uv::now();
  const Duration left = drained_by == kNever ? kForever : std::max(Duration(0), drained_by - now);
  supervisor.on_progress({.open = open_count(), .left = left});
  progress_timer.arm(saturating_add(now, kProgressInterval));
}

// --- the public face ---

Result<std::unique_ptr<Application>> Application::create(Options options, Control& control,
                                                         Supervisor& supervisor) {
  auto loop = uv::Loop::create();
  if (!loop) return tl::unexpected(loop.error());
  return std::unique_ptr<Application>(
      new Application(*std::move(loop), std::move(options), control, supervisor));
}

Application::Application(std::unique_ptr<uv::Loop> loop, Options options, Control& control,
                         Supervisor& supervisor)
    : loop_(std::move(loop)),
      state_(std::make_unique<State>(std::move(options), control, supervisor, *loop_)) {}

Application::~Application() {
  state_->control.detach();
}

Result<void> Application::start() {
  return state_->start();
}

int Application::run() {
  THROTTLE_CHECK(state_->phase == Phase::kServing);
  loop_->run();
  THROTTLE_CHECK(state_->phase == Phase::kStopped);
  state_->control.detach();
  state_->log.info("stopped");
  state_->running.reset();
  state_->logger.reset();
  state_->supervisor.on_stopped(state_->exit_code);
  return state_->exit_code;
}

std::optional<StartStep> Application::failed_step() const {
  return state_->failed_step;
}

bool Application::logs_errors() const {
  if (!state_->logger) return false;
  const telemetry::LogFilter& filter = state_->logger->logger->outlets().front().filter;
  return !filter.has_expression() && filter.threshold("app") >= telemetry::Level::kError;
}

}  // namespace throttle::app
