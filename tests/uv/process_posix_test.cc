// Commands of /bin/sh.
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/process.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class ProcessTest : public testing::Test, protected Process::Receiver {
 protected:
  void on_line(Process::Output output, std::string_view line) noexcept override {
    lines_.push_back((output == Process::Output::kStdout ? "out " : "err ") + std::string(line));
    if (at_line_) at_line_();
  }
  void on_exit(const ProcessExit& exit) noexcept override {
    exit_ = exit;
    loop_.stop();
    if (at_exit_) at_exit_();
  }
  void start(const Command& command) {
    auto process = Process::spawn(loop_, command, *this);
    ASSERT_TRUE(process) << process.error().message;
    process_ = *std::move(process);
  }
  void run(const Command& command) {
    start(command);
    run_until_stopped(loop_);
    ASSERT_TRUE(exit_);
  }
  // The number that a line "out 123" tells.
  pid_t told_pid(std::size_t line) {
    return static_cast<pid_t>(std::stoi(lines_.at(line).substr(4)));
  }

  Loop loop_;
  std::optional<Process> process_;
  std::vector<std::string> lines_;
  std::optional<ProcessExit> exit_;
  std::function<void()> at_line_;
  std::function<void()> at_exit_;
};

// A child that has ended but whose parent is gone is init's to collect, a moment later.
bool ends_soon(pid_t pid) {
  for (const TimePoint give_up = now() + 5s; now() < give_up;) {
    if (kill(pid, 0) != 0) return true;
    Loop loop;
    run_briefly(loop, 1ms);
  }
  return false;
}

TEST_F(ProcessTest, TellsTheLinesOfBothOutputsAndThenTheExit) {
  run({.line = "echo one; echo two >&2; printf three; exit 7"});
  EXPECT_THAT(lines_, UnorderedElementsAre("out one", "err two", "out three"));
  EXPECT_EQ(exit_->status, 7);
  EXPECT_EQ(exit_->signal, 0);
  EXPECT_FALSE(exit_->succeeded());
}

TEST_F(ProcessTest, LosesNoneOfMuchOutput) {
  run({.line = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"});
  ASSERT_EQ(lines_.size(), 20'000U);
  EXPECT_EQ(lines_.back(), "out line 19999");
  EXPECT_TRUE(exit_->succeeded());
}

TEST_F(ProcessTest, BoundsTheLengthOfALine) {
  run({.line = "echo abcdefgh", .max_line_bytes = 3});
  EXPECT_THAT(lines_, ElementsAre("out abc", "out def", "out gh"));
}

TEST_F(ProcessTest, SetsVariablesBesideItsOwnEnvironment) {
  ASSERT_EQ(setenv("THROTTLE_TEST_KEPT", "kept", 1), 0);
  ASSERT_EQ(setenv("THROTTLE_TEST_CHANGED", "old", 1), 0);
  run({.line = "echo $THROTTLE_TEST_KEPT $THROTTLE_TEST_CHANGED \"$THROTTLE_TEST_NEW\"",
       .environment = {{"THROTTLE_TEST_CHANGED", "new"}, {"THROTTLE_TEST_NEW", "a  b=c"}}});
  EXPECT_THAT(lines_, ElementsAre("out kept new a  b=c"));
}

TEST_F(ProcessTest, HasNoInput) {
  run({.line = "cat; echo end"});
  EXPECT_THAT(lines_, ElementsAre("out end"));
}

TEST_F(ProcessTest, TellsTheSignalThatEndedIt) {
  run({.line = "kill -TERM $$"});
  EXPECT_EQ(exit_->signal, SIGTERM);
  EXPECT_FALSE(exit_->succeeded());
}

TEST_F(ProcessTest, TellsACommandThatDoesNotExist) {
  run({.line = "/no/such/command"});
  EXPECT_EQ(exit_->status, 127);
}

TEST_F(ProcessTest, KillsTheChildrenOfAHangingCommandToo) {
  at_line_ = [this] {
    if (lines_.size() == 2) process_->kill_tree();
  };
  run({.line = "sleep 600 & echo $!; (trap '' TERM INT HUP; sleep 600) & echo $!; wait"});
  EXPECT_EQ(exit_->signal, SIGKILL);
  EXPECT_TRUE(ends_soon(told_pid(0)));
  EXPECT_TRUE(ends_soon(told_pid(1)));
  process_->kill_tree();  // of an ended one: nothing
}

TEST_F(ProcessTest, KillsTheChildrenWhenItIsDestroyed) {
  at_line_ = [this] {
    loop_.stop();
    process_.reset();
  };
  start({.line = "sleep 600 & echo $!; wait"});
  run_until_stopped(loop_);
  EXPECT_TRUE(ends_soon(told_pid(0)));
  run_briefly(loop_);
  EXPECT_FALSE(exit_) << "nobody is told";
}

TEST_F(ProcessTest, LeavesNoZombieWhenItIsDestroyed) {
  start({.line = "sleep 600"});
  const pid_t pid = process_->pid();
  process_.reset();
  loop_.run();
  EXPECT_NE(kill(pid, 0), 0);
}

TEST(Process, LetsTheLoopEndWhileItDies) {
  struct Nobody final : Process::Receiver {
    void on_line(Process::Output, std::string_view) noexcept override {}
    void on_exit(const ProcessExit&) noexcept override { FAIL(); }
  };
  pid_t pid = 0;
  {
    Loop loop;
    Nobody nobody;
    const auto process = Process::spawn(loop, {.line = "sleep 600"}, nobody);
    ASSERT_TRUE(process);
    pid = process->pid();
  }
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(ProcessTest, ExitsWithoutWaitingForWhatItLeftInTheBackground) {
  run({.line = "sleep 600 & echo $!"});
  EXPECT_TRUE(exit_->succeeded());
  process_.reset();
  const pid_t left = told_pid(0);
  EXPECT_EQ(kill(left, 0), 0) << "what it left behind is meant to stay";
  kill(left, SIGKILL);
}

TEST_F(ProcessTest, MayBeDestroyedInOnLineAndOnExit) {
  at_line_ = [this] {
    process_.reset();
    loop_.stop();
  };
  start({.line = "echo one; echo two; echo three"});
  run_until_stopped(loop_);
  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_FALSE(exit_);

  at_line_ = nullptr;
  at_exit_ = [this] { process_.reset(); };
  run({.line = "printf end"});
  EXPECT_FALSE(process_);
}

}  // namespace
}  // namespace throttle::uv
