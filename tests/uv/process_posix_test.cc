// Commands of /bin/sh.
#include <csignal>
#include <string>

#include <gmock/gmock.h>

#include "tests/uv/process_fixture.h"
#include "tests/uv/witness_posix.h"

namespace throttle::uv {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST_F(ProcessTest, TellsTheLinesOfBothOutputsAndThenTheExit) {
  run({.line = "echo one; echo two >&2; printf three; exit 7"});
  EXPECT_THAT(lines, UnorderedElementsAre("out one", "err two", "out three"));
  EXPECT_EQ(exit->status, 7);
  EXPECT_EQ(exit->signal, 0);
  EXPECT_FALSE(exit->succeeded());
}

TEST_F(ProcessTest, LosesNoneOfMuchOutput) {
  run({.line = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"});
  ASSERT_EQ(lines.size(), 20'000U);
  EXPECT_EQ(lines.back(), "out line 19999");
  EXPECT_TRUE(exit->succeeded());
}

TEST_F(ProcessTest, BoundsTheLengthOfALine) {
  run({.line = "echo abcdefgh", .max_line_bytes = 3});
  EXPECT_THAT(lines, ElementsAre("out abc", "out def", "out gh"));
}

TEST_F(ProcessTest, SetsVariablesBesideItsOwnEnvironment) {
  ASSERT_EQ(setenv("THROTTLE_TEST_KEPT", "kept", 1), 0);
  ASSERT_EQ(setenv("THROTTLE_TEST_CHANGED", "old", 1), 0);
  run({.line = "echo $THROTTLE_TEST_KEPT $THROTTLE_TEST_CHANGED \"$THROTTLE_TEST_NEW\"",
       .environment = {{"THROTTLE_TEST_CHANGED", "new"}, {"THROTTLE_TEST_NEW", "a  b=c"}}});
  EXPECT_THAT(lines, ElementsAre("out kept new a  b=c"));
}

TEST_F(ProcessTest, HasNoInput) {
  run({.line = "cat; echo end"});
  EXPECT_THAT(lines, ElementsAre("out end"));
}

TEST_F(ProcessTest, TellsTheSignalThatEndedIt) {
  run({.line = "kill -TERM $$"});
  EXPECT_EQ(exit->signal, SIGTERM);
  EXPECT_FALSE(exit->succeeded());
}

TEST_F(ProcessTest, TellsACommandThatDoesNotExist) {
  run({.line = "/no/such/command"});
  EXPECT_EQ(exit->status, 127);
}

TEST_F(ProcessTest, KillsTheChildrenOfAHangingCommandToo) {
  Witness witness;
  at_line = [this] { process->kill_tree(); };
  run({.line = "sleep 600 & (trap '' TERM INT HUP; sleep 600) & echo ready; wait"});
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_TRUE(witness.all_gone());
  process->kill_tree();  // of an ended one: nothing
}

TEST_F(ProcessTest, KillsTheChildrenWhenItIsDestroyed) {
  Witness witness;
  at_line = [this] {
    loop.stop();
    process.reset();
  };
  start({.line = "sleep 600 & echo ready; wait"});
  run_until_stopped(loop);
  EXPECT_TRUE(witness.all_gone());
  run_briefly(loop);
  EXPECT_FALSE(exit) << "nothing is reported";
}

TEST_F(ProcessTest, LeavesNoZombieWhenItIsDestroyed) {
  start({.line = "sleep 600"});
  const pid_t pid = process->pid();
  process.reset();
  loop.run();
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
  Witness witness;
  run({.line = "sleep 600 & echo $!"});
  EXPECT_TRUE(exit->succeeded());
  process.reset();
  EXPECT_TRUE(witness.some_live()) << "what it left behind is meant to stay";
  kill(static_cast<pid_t>(std::stoi(lines.at(0).substr(4))), SIGKILL);
  EXPECT_TRUE(witness.all_gone());
}

TEST_F(ProcessTest, MayBeDestroyedInOnLineAndOnExit) {
  at_line = [this] {
    process.reset();
    loop.stop();
  };
  start({.line = "printf 'one\\ntwo\\nthree\\n'"});  // in one piece
  run_until_stopped(loop);
  EXPECT_THAT(lines, ElementsAre("out one"));

  start({.line = "printf 'an end without a line end'", .max_line_bytes = 5});
  run_until_stopped(loop);
  EXPECT_THAT(lines, ElementsAre("out one", "out an en"));
  EXPECT_FALSE(exit);

  at_line = nullptr;
  at_exit = [this] { process.reset(); };
  run({.line = "printf end"});
  EXPECT_FALSE(process);
}

}  // namespace
}  // namespace throttle::uv
