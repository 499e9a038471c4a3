// Hooks as commands of cmd.exe.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/proxy/hook.h"
#include "libthrottle/proxy/shell_hooks.h"
#include "libthrottle/uv/loop.h"
#include "tests/uv/run_guard.h"

namespace throttle::proxy {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class ShellHooksTest : public testing::Test, public Hook::Receiver, public Leftovers::Receiver {
 protected:
  void on_line(const Hook&, std::string_view line) noexcept override { lines.emplace_back(line); }
  void on_line(const HookCall&, std::string_view line) noexcept override {
    left_lines.emplace_back(line);
    loop.stop();
  }
  void on_too_many(const HookCall&) noexcept override { ADD_FAILURE(); }
  void on_ended(Hook&, Duration, Result<void> told) noexcept override {
    verdict = told ? "" : told.error().message;
    loop.stop();
  }
  void run(const HookCall& call, Duration timeout = 1min) {
    Hook hook(loop, call, *this);
    hook.start(runner, timeout);
    uv::run_until_stopped(loop);
  }

  uv::Loop loop;
  Settings settings;
  ShellHooks runner{loop, settings, *this};
  std::vector<std::string> lines;
  std::vector<std::string> left_lines;
  std::optional<std::string> verdict;
};

TEST_F(ShellHooksTest, KnowWhatTheyRunFor) {
  settings.name = "office";
  settings.upstream = {"localhost", 8100};
  settings.hooks.recycle = "set THROTTLE_";
  run({.kind = HookKind::kRecycle, .activation = {.number = 12}, .timed_out = true});
  EXPECT_EQ(verdict, "");
  EXPECT_THAT(lines,
              UnorderedElementsAre("THROTTLE_ACTIVATION=12", "THROTTLE_PROXY=office",
                                   "THROTTLE_TIMED_OUT=1", "THROTTLE_UPSTREAM=localhost:8100"));
}

TEST_F(ShellHooksTest, SayHowTheyFailed) {
  settings.hooks.before_activate = "exit 3";
  run({});
  EXPECT_EQ(verdict, "the before-activate command ended with status 3");
}

TEST_F(ShellHooksTest, MayLeaveSomethingRunningThatGoesOnWriting) {
  settings.hooks.recycle = "start /b cmd /c \"ping -n 3 127.0.0.1 >nul & echo later\"";
  run({.kind = HookKind::kRecycle});
  EXPECT_EQ(verdict, "");
  while (left_lines.empty() && !HasFailure())
    uv::run_until_stopped(loop);
  EXPECT_THAT(left_lines, ElementsAre("later"));
}

TEST_F(ShellHooksTest, AreEndedWhenTheyHang) {
  settings.hooks.on_timeout = "ping -n 600 127.0.0.1 >nul";
  run({.kind = HookKind::kOnTimeout}, 300ms);
  EXPECT_EQ(verdict, "the on-timeout hook took longer than 300ms and was ended");
}

}  // namespace
}  // namespace throttle::proxy
