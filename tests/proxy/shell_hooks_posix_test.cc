// Hooks as commands of /bin/sh, run by the maintenance.
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/proxy/hook.h"
#include "libthrottle/proxy/shell_hooks.h"
#include "libthrottle/uv/loop.h"
#include "tests/proxy/command_input.h"
#include "tests/uv/run_guard.h"

namespace throttle::proxy {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class ShellHooksTest : public testing::Test, public Hook::Receiver, public Leftovers::Receiver {
 protected:
  ShellHooksTest() {
    settings.name = "office";
    settings.upstream = {"localhost", 8100};
  }
  void on_line(const Hook&, std::string_view line) noexcept override {
    lines.emplace_back(line);
    loop.stop();
  }
  void on_line(const HookCall& call, std::string_view line) noexcept override {
    left_lines.push_back(std::string(name_of(call.kind)) + ": " + std::string(line));
    loop.stop();
  }
  void on_too_many(const HookCall&) noexcept override { ADD_FAILURE(); }
  void on_ended(Hook&, Duration, Result<void> told) noexcept override {
    verdict = told ? "" : told.error().message;
    loop.stop();
  }
  void start(const HookCall& call, Duration timeout = 1min) {
    hook.emplace(loop, call, *this);
    hook->start(runner, timeout);
  }
  void run(const HookCall& call, Duration timeout = 1min) {
    start(call, timeout);
    while (!verdict && !HasFailure())
      uv::run_until_stopped(loop);
  }

  uv::Loop loop;
  Settings settings;
  ShellHooks runner{loop, settings, *this};
  std::optional<Hook> hook;
  std::vector<std::string> lines;
  std::vector<std::string> left_lines;
  std::optional<std::string> verdict;
};

const Activation kActivation{
    .peer = 1,
    .client = {IpAddress::from_v4({10, 0, 0, 1}), 4711},
    .waited = 1500ms + 700us,
    .queued = 3,
    .number = 12,
};

// THROTTLE_RUN, which Linux has, is of the process and not of the hook.
constexpr char kTell[] = "env | grep ^THROTTLE_ | grep -v ^THROTTLE_RUN= | LC_ALL=C sort";

TEST_F(ShellHooksTest, AreTheCommandsOfTheSettings) {
  settings.hooks.on_timeout = "true";
  EXPECT_TRUE(runner.wants(HookKind::kOnTimeout));
  EXPECT_FALSE(runner.wants(HookKind::kBeforeActivate));
  EXPECT_FALSE(runner.wants(HookKind::kRecycle));
}

TEST_F(ShellHooksTest, KnowWhatTheyRunFor) {
  settings.hooks.before_activate = kTell;
  run({.kind = HookKind::kBeforeActivate, .activation = kActivation, .timed_out = true});
  EXPECT_EQ(verdict, "");
  EXPECT_THAT(lines, ElementsAre("THROTTLE_ACTIVATION=12", "THROTTLE_CLIENT_ADDRESS=10.0.0.1",
                                 "THROTTLE_CLIENT_PORT=4711", "THROTTLE_PROXY=office",
                                 "THROTTLE_QUEUED=3", "THROTTLE_TIMED_OUT=1",
                                 "THROTTLE_UPSTREAM=localhost:8100", "THROTTLE_WAITED_MS=1500"));
}

TEST_F(ShellHooksTest, OfRecyclingKnowOfNoClient) {
  settings.upstream = {"::1", 8100};
  settings.hooks.recycle = kTell;
  run({.kind = HookKind::kRecycle, .activation = {.number = 12}});
  EXPECT_THAT(lines, ElementsAre("THROTTLE_ACTIVATION=12", "THROTTLE_PROXY=office",
                                 "THROTTLE_TIMED_OUT=0", "THROTTLE_UPSTREAM=[::1]:8100"));
}

TEST_F(ShellHooksTest, SayWhetherTheServiceIsReady) {
  settings.hooks.ready = "echo \"$THROTTLE_UPSTREAM $THROTTLE_CLIENT_ADDRESS\"; exit 2";
  run({.kind = HookKind::kReady, .activation = {.number = 12}});
  EXPECT_THAT(lines, ElementsAre("localhost:8100 "));
  EXPECT_EQ(verdict, "the ready command ended with status 2");
}

TEST_F(ShellHooksTest, SayHowTheyFailed) {
  settings.hooks.before_activate = "echo no; exit 3";
  run({});
  EXPECT_EQ(verdict, "the before-activate command ended with status 3");
  EXPECT_THAT(lines, ElementsAre("no"));

  verdict.reset();
  settings.hooks.before_activate = "kill -TERM $$";
  run({});
  EXPECT_EQ(verdict, "the before-activate command was killed by signal " + std::to_string(SIGTERM));
}

// That they are really gone the loop proves: its end waits for them.
TEST_F(ShellHooksTest, AreEndedWhenTheyHang) {
  settings.hooks.on_timeout = "sleep 600";
  run({.kind = HookKind::kOnTimeout}, 100ms);
  EXPECT_EQ(verdict, "the on-timeout hook took longer than 100ms and was ended");
}

TEST_F(ShellHooksTest, MayLeaveSomethingRunningThatGoesOnWriting) {
  const CommandInput input;
  settings.hooks.before_activate = "(read line; echo $line) <" + input.path() + " & echo begun";
  run({.kind = HookKind::kBeforeActivate});
  EXPECT_EQ(verdict, "");
  hook.reset();
  input.say("later");
  while (left_lines.empty() && !HasFailure())
    uv::run_until_stopped(loop);
  EXPECT_THAT(lines, ElementsAre("begun"));
  EXPECT_THAT(left_lines, ElementsAre("before-activate: later"));
}

}  // namespace
}  // namespace throttle::proxy
