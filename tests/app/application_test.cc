// Applications from their start to their exit code, driven through a Control from another thread
// and watched by a Supervisor that writes down what it receives.
#include "libthrottle/app/application.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/clock.h"
#include "tests/uv/name_server.h"
#include "tests/uv/run_guard.h"

namespace throttle::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// Writes down each call, and then lets a reaction follow it.
class Recorder final : public Supervisor {
 public:
  // Called after each entry, from within the Supervisor: only a Control may be used in it.
  std::function<void(const std::string& entry)> on_entry;
  std::vector<std::string> entries;
  std::vector<Listener> listeners;
  Stopping stopping;

  void on_configuration_read() noexcept override { add("configuration read"); }
  void on_log_open() noexcept override { add("log open"); }
  void on_listening(const Listener& listener) noexcept override {
    listeners.push_back(listener);
    add("listening: " + listener.name);
  }
  void on_ready(const Ready& ready) noexcept override {
    add("ready: " + std::to_string(ready.listeners.size()) + " listeners, " +
        std::to_string(ready.semaphores) + " semaphores, " + std::to_string(ready.proxies) +
        " proxies");
  }
  void on_start_failed(StartStep step, const Error& error) noexcept override {
    failed_step = step;
    add("start failed: " + error.message);
  }
  Duration pulse_interval() const noexcept override { return pulse; }
  void on_pulse(const Activity& activity) noexcept override {
    if (activity.paused) add("pulse while paused");
  }
  void on_reloading() noexcept override { add("reloading"); }
  void on_reloaded() noexcept override { add("reloaded"); }
  void on_reload_refused(const Error& mistakes) noexcept override {
    add("refused: " + mistakes.message);
  }
  void on_paused() noexcept override { add("paused"); }
  void on_continued() noexcept override { add("continued"); }
  void on_stopping(const Stopping& what) noexcept override {
    stopping = what;
    add("stopping: " + std::string(what.asked_by));
  }
  void on_progress(const Progress& progress) noexcept override {
    add("progress: " + std::to_string(progress.open) + " open");
  }
  void on_stopped(int exit_code) noexcept override { add("stopped: " + std::to_string(exit_code)); }

  StartStep failed_step = StartStep::kOther;
  Duration pulse = kForever;

 private:
  void add(std::string entry) {
    entries.push_back(std::move(entry));
    if (on_entry) on_entry(entries.back());
  }
};

// A part whose steps are written down, with what a test lets it do.
class Probe final : public Part {
 public:
  struct Script {
    std::vector<std::string> calls;
    bool fails_to_start = false;
    bool drains_at_once = true;
    Duration drain_time{};
  };
  explicit Probe(Script& script) : script_(script) {}
  ~Probe() override { script_.calls.push_back("destroyed"); }

  Result<void> start(const config::ServerSettings& /*settings*/) override {
    script_.calls.push_back("start");
    if (script_.fails_to_start) return fail(ErrorCode::kInUse, "the probe cannot start");
    return {};
  }
  void reload(config::ServerSettings& settings) override {
    script_.calls.push_back("reload " + std::to_string(settings.semaphores.size()));
  }
  void on_reload_refused(const Error& /*mistakes*/) override {
    script_.calls.push_back("reload refused");
  }
  void pause() override { script_.calls.push_back("pause"); }
  void resume() override { script_.calls.push_back("resume"); }
  Duration drain_time() const override { return script_.drain_time; }
  void drain(TimePoint /*deadline*/, Drained on_drained) override {
    script_.calls.push_back("drain");
    if (script_.drains_at_once) return on_drained();
    on_drained_ = std::move(on_drained);
  }
  void close_now() override {
    script_.calls.push_back("close now");
    if (auto on_drained = std::exchange(on_drained_, nullptr)) on_drained();
  }
  std::size_t open_count() const override { return on_drained_ ? 1 : 0; }

 private:
  Script& script_;
  Drained on_drained_;
};

Probe::Script* first_script = nullptr;
Probe::Script* second_script = nullptr;
uv::LedgerRuntime* runtime = nullptr;

// Two probes behind the real parts of a server; the second one drains in a wave of its own.
Composition compose_probed(const Context& context, const config::ServerSettings& settings) {
  Composition made = compose_server(context, settings);
  runtime = &context.runtime;
  for (Probe::Script* const script : {first_script, second_script}) {
    made.parts.push_back(std::make_unique<Probe>(*script));
    made.drain_waves.push_back({made.parts.back().get()});
  }
  return made;
}

class ApplicationTest : public testing::Test {
 protected:
  ApplicationTest() {
    first_script = &first;
    second_script = &second;
    settings->settings.http.listen = {"127.0.0.1", 0};
    settings->settings.semaphores = {{.name = "A", .full_count = 1}};
    settings->settings.logging.terminal.level = telemetry::Level::kOff;
    reloaded = settings;
  }

  Application::Options options() {
    return {.compose = &compose_probed,
            .load = [this] { return settings; },
            .reload = [this] { return reloaded; },
            .configuration = "t.toml"};
  }

  std::unique_ptr<Application> make(const Application::Options& its_options) {
    auto application = Application::create(its_options, control, supervisor);
    EXPECT_TRUE(application) << (application ? "" : application.error().message);
    return application ? *std::move(application) : nullptr;
  }

  // Starts it and runs it to its end. `script` runs in another thread once it serves.
  int run(const std::function<void()>& script) {
    const auto made = make(options());
    Application& application = *made;
    const auto started = application.start();
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
    if (!started) return -1;
    bool overtime = false;
    auto on_overtime = [&] {
      overtime = true;
      control.stop_now("the test's patience");
    };
    uv::Timer guard(application.loop(), on_overtime);
    guard.arm(uv::now() + uv::kPatience);
    std::thread other(script);
    const int exit_code = application.run();
    other.join();
    EXPECT_FALSE(overtime);
    return exit_code;
  }

  // For the scripts of run(): `action` once the supervisor has written down `entry`.
  void on(std::string entry, std::function<void()> action) {
    reactions.emplace_back(std::move(entry), std::move(action));
    supervisor.on_entry = [this](const std::string& written) {
      for (auto& [awaited, reaction] : reactions)
        if (written.starts_with(awaited)) std::exchange(reaction, [] {})();
    };
  }

  std::vector<std::string> entries_after(const std::string& begin) const {
    const auto found = std::ranges::find_if(
        supervisor.entries, [&](const std::string& entry) { return entry.starts_with(begin); });
    return found == supervisor.entries.end() ? std::vector<std::string>()
                                             : std::vector(found + 1, supervisor.entries.end());
  }

  Result<config::LoadedSettings> settings{config::LoadedSettings{}};
  Result<config::LoadedSettings> reloaded{config::LoadedSettings{}};
  Probe::Script first;
  Probe::Script second;
  Control control;
  Recorder supervisor;
  std::vector<std::pair<std::string, std::function<void()>>> reactions;
};

TEST_F(ApplicationTest, PulsesWhileItServes) {
  supervisor.pulse = 1ms;
  on("pulse while paused", [this] { control.stop("a test"); });
  EXPECT_EQ(run([this] { control.pause(); }), 0);
  EXPECT_EQ(supervisor.entries.back(), "stopped: 0");
}

TEST_F(ApplicationTest, FailsToStartWithoutItsLogFile) {
  settings->settings.logging.file.emplace().path = "no/such/folder/throttle.log";
  const auto application = make(options());
  const auto started = application->start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("logging.file: no/such/folder/throttle.log: "));
  EXPECT_EQ(application->failed_step(), StartStep::kOther);
}

TEST_F(ApplicationTest, MayBeKeptFromServingByItsSurroundings) {
  auto refusing = options();
  refusing.before_ready = [] { return fail(ErrorCode::kUnavailable, "not as root"); };
  ASSERT_FALSE(make(refusing)->start());
  EXPECT_EQ(supervisor.entries.back(), "start failed: not as root");
}

TEST_F(ApplicationTest, RefusesASocketThatNoListenerIsNamedAfter) {
  auto with_socket = options();
  with_socket.sockets = {{"office", {kFirstInherited}}};
  const auto application = make(with_socket);
  const auto started = application->start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("\"office\" has no listener here"));
  EXPECT_EQ(application->failed_step(), StartStep::kConfiguration);
}

TEST_F(ApplicationTest, ReportsEachStepUntilItHasStopped) {
  EXPECT_EQ(run([this] { control.stop("a test"); }), 0);
  EXPECT_THAT(supervisor.entries, ElementsAre("configuration read", "log open", "listening: http",
                                              "ready: 1 listeners, 1 semaphores, 0 proxies",
                                              "stopping: a test", "stopped: 0"));
  EXPECT_NE(supervisor.listeners.front().address.address.port, 0);
  EXPECT_THAT(first.calls, ElementsAre("start", "drain", "destroyed"));
}

TEST_F(ApplicationTest, RequestsOfBeforeTheStartWaitForIt) {
  control.stop("an early bird");
  EXPECT_EQ(run([] {}), 0);
  EXPECT_THAT(entries_after("ready"), ElementsAre("stopping: an early bird", "stopped: 0"));
}

TEST_F(ApplicationTest, RequestsOfAfterTheEndDoNothing) {
  run([this] { control.stop("a test"); });
  control.reload();
  control.stop_now("a late bird");
  EXPECT_EQ(supervisor.entries.back(), "stopped: 0");
}

TEST_F(ApplicationTest, ALogThatShowsOnlySomeLinesIsNotReliedOnForAnError) {
  first.fails_to_start = true;
  Application::Options chosen = options();
  chosen.log_filter = "info/granted";
  const auto application = make(chosen);
  EXPECT_FALSE(application->start());
  EXPECT_FALSE(application->logs_errors());
}

TEST_F(ApplicationTest, APartThatFailsToStartEndsTheStart) {
  first.fails_to_start = true;
  {
    const auto application = make(options());
    const auto started = application->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message, "the probe cannot start");
    EXPECT_FALSE(application->logs_errors()) << "the level is off";
  }
  EXPECT_THAT(entries_after("listening"), ElementsAre("start failed: the probe cannot start"));
  EXPECT_EQ(supervisor.failed_step, StartStep::kListen);
  EXPECT_THAT(first.calls, ElementsAre("start", "destroyed"));
  EXPECT_THAT(second.calls, ElementsAre("destroyed"));
  control.stop("nobody");
}

// The second one is in the other thread, so it has no part and no setting of the first one.
TEST_F(ApplicationTest, AnAddressInUseEndsTheStartWithItsName) {
  const config::LoadedSettings copy = *settings;
  run([this, wanted = copy]() mutable {
    wanted.settings.http.listen.port = supervisor.listeners.front().address.address.port;
    Control other_control;
    Recorder other;
    const auto second_application = Application::create(
        {.compose = &compose_server, .load = [&] { return wanted; }, .configuration = "t.toml"},
        other_control, other);
    ASSERT_TRUE(second_application);
    const auto started = (*second_application)->start();
    EXPECT_EQ(started ? ErrorCode::kInvalidArgument : started.error().code, ErrorCode::kInUse);
    EXPECT_EQ(other.failed_step, StartStep::kListen);
    control.stop("a test");
  });
}

TEST_F(ApplicationTest, AWrongConfigurationEndsTheStartBeforeTheLogIsOpen) {
  settings = fail(ErrorCode::kInvalidArgument, "t.toml:1:1: a mistake");
  EXPECT_FALSE(make(options())->start());
  EXPECT_THAT(supervisor.entries, ElementsAre("start failed: t.toml:1:1: a mistake"));
  EXPECT_EQ(supervisor.failed_step, StartStep::kConfiguration);
}

TEST_F(ApplicationTest, AReloadReachesEveryPart) {
  reloaded->settings.semaphores.push_back({.name = "B", .full_count = 2});
  on("reloaded", [this] {
    EXPECT_EQ(runtime->ledger().remainder("B"), 2);
    control.stop("a test");
  });
  EXPECT_EQ(run([this] { control.reload(); }), 0);
  EXPECT_THAT(entries_after("ready"),
              ElementsAre("reloading", "reloaded", "stopping: a test", "stopped: 0"));
  EXPECT_THAT(first.calls, ElementsAre("start", "reload 2", "drain", "destroyed"));
}

TEST_F(ApplicationTest, ARefusedReloadChangesNothing) {
  reloaded = fail(ErrorCode::kInvalidArgument, "t.toml:1:1: a mistake");
  on("refused", [this] {
    EXPECT_EQ(runtime->ledger().remainder("A"), 1);
    control.stop("a test");
  });
  run([this] { control.reload(); });
  EXPECT_THAT(entries_after("reloading"),
              ElementsAre("refused: t.toml:1:1: a mistake", "stopping: a test", "stopped: 0"));
  EXPECT_THAT(first.calls, ElementsAre("start", "reload refused", "drain", "destroyed"));
}

TEST_F(ApplicationTest, AFileThatWouldRetireEverythingIsRefused) {
  reloaded->settings.semaphores.clear();
  on("refused", [this] {
    EXPECT_EQ(runtime->ledger().remainder("A"), 1);
    reloaded->has_semaphores_table = true;
    control.reload();
  });
  on("reloaded", [this] {
    EXPECT_EQ(runtime->ledger().remainder("A"), std::nullopt);
    control.stop("a test");
  });
  run([this] { control.reload(); });
  EXPECT_THAT(entries_after("reloading").front(), HasSubstr("refused: t.toml: "));
}

TEST_F(ApplicationTest, WithoutAFileAReloadIsIgnored) {
  Application::Options alone = options();
  alone.reload = {};
  const auto application = make(alone);
  ASSERT_TRUE(application->start());
  control.reload();
  control.stop("a test");
  EXPECT_EQ(application->run(), 0);
  EXPECT_THAT(entries_after("ready"), ElementsAre("stopping: a test", "stopped: 0"));
}

// Also on a semaphore that a reload adds meanwhile.
TEST_F(ApplicationTest, NothingIsGrantedWhileItIsPaused) {
  reloaded->settings.semaphores.push_back({.name = "B", .full_count = 1});
  PeerId on_a = 0;
  PeerId on_b = 0;
  const auto enroll = [](const std::string& semaphore) {
    return runtime->ledger().enroll(uv::now(), {.spec = {}, .semaphore = semaphore}).peer;
  };
  on("paused", [&] {
    on_a = enroll("A");
    control.reload();
  });
  on("reloaded", [&] {
    on_b = enroll("B");
    EXPECT_EQ(runtime->ledger().is_acquired(on_a), false);
    EXPECT_EQ(runtime->ledger().is_acquired(on_b), false);
    control.pause();  // once more, which changes nothing
    control.resume();
  });
  on("continued", [&] {
    EXPECT_EQ(runtime->ledger().is_acquired(on_a), true);
    EXPECT_EQ(runtime->ledger().is_acquired(on_b), true);
    control.stop("a test");
  });
  run([this] { control.pause(); });
  EXPECT_THAT(entries_after("ready"), ElementsAre("paused", "reloading", "reloaded", "continued",
                                                  "stopping: a test", "stopped: 0"));
}

TEST_F(ApplicationTest, AResumeWithoutAPauseDoesNothing) {
  run([this] {
    control.resume();
    control.stop("a test");
  });
  EXPECT_THAT(entries_after("ready"), ElementsAre("stopping: a test", "stopped: 0"));
}

TEST_F(ApplicationTest, DrainsInWavesAndReportsHowLongThatMayTake) {
  first.drain_time = 3s;
  second.drain_time = 4s;
  settings->settings.drain_timeout = 2s;
  run([this] { control.stop("a test"); });
  EXPECT_EQ(supervisor.stopping.at_most, 9s);
}

// The first probe never ends by itself. A further stop() is no second signal: it cuts nothing off.
TEST_F(ApplicationTest, OnlyStopNowCutsOffWhatIsUnderWay) {
  first.drains_at_once = false;
  first.drain_time = kForever;
  on("stopping", [this] {
    control.stop("a test, again");
    control.reload();
  });
  on("progress", [this] {
    EXPECT_THAT(first.calls, ElementsAre("start", "drain"));
    control.stop_now("a test");
  });
  EXPECT_EQ(run([this] { control.stop("a test"); }), 1);
  EXPECT_THAT(entries_after("ready"),
              ElementsAre("stopping: a test", "progress: 1 open", "stopped: 1"));
  EXPECT_THAT(first.calls, ElementsAre("start", "drain", "close now", "destroyed"));
  EXPECT_EQ(std::ranges::count(second.calls, "drain"), 1) << "also later waves end";
}

TEST_F(ApplicationTest, StopNowNeedsNoStopBefore) {
  first.drains_at_once = false;
  EXPECT_EQ(run([this] { control.stop_now("a test"); }), 1);
  EXPECT_THAT(entries_after("ready"), ElementsAre("stopping: a test", "stopped: 1"));
}

TEST_F(ApplicationTest, ServesOneApplicationAfterTheOther) {
  EXPECT_EQ(run([this] { control.stop("a test"); }), 0);
  Control another;
  const auto application = Application::create(options(), another, supervisor);
  ASSERT_TRUE(application && (*application)->start());
  another.stop("a test");
  EXPECT_EQ((*application)->run(), 0);
}

// Whose names are looked up at a port that never answers.
class SilentNamesTest : public ApplicationTest {
 protected:
  SilentNamesTest() {
    proxy::Settings office{.name = "office"};
    office.listen = {{"office.test", 0}};
    office.upstream = {"127.0.0.1", 1};
    reloaded->settings.proxies = {office};
    names.silent = true;
    on("ready", [this] { control.reload(); });
  }
  void use_silent_names(Application& application) {
    application.loop().set_name_servers(names_loop.name_servers());
  }

  uv::Loop names_loop;  // never run
  uv::NameServer names{names_loop};
};

TEST_F(SilentNamesTest, AReloadDoesNotHoldUpTheProcessWhileNamesAreLookedUp) {
  on("reloading", [this] { control.pause(); });
  on("paused", [this] { control.stop("a test"); });
  const auto application = make(options());
  use_silent_names(*application);
  ASSERT_TRUE(application->start());
  EXPECT_EQ(application->run(), 0);
  EXPECT_THAT(entries_after("ready"),
              ElementsAre("reloading", "paused", "refused: the process stops", "stopping: a test",
                          "stopped: 0"));
}

}  // namespace
}  // namespace throttle::app
