// Children that leave their session, their parent or both.
#include <csignal>

#include "tests/uv/process_fixture.h"
#include "tests/uv/witness_posix.h"

namespace throttle::uv {
namespace {

TEST_F(ProcessTest, KillsChildrenWithASessionOfTheirOwn) {
  Witness witness;
  at_line = [this] { process->kill_tree(); };
  run({.line = "setsid sh -c 'echo ready; sleep 600' & wait"});
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_TRUE(witness.all_gone());
}

TEST_F(ProcessTest, KillsChildrenWhoseParentHasEnded) {
  Witness witness;
  at_line = [this] { process->kill_tree(); };
  run({.line = "(setsid sh -c 'sleep 600 & setsid sleep 600 & echo ready' &); sleep 600"});
  EXPECT_TRUE(witness.all_gone());
}

TEST_F(ProcessTest, KillsNobodyOfAnotherCommand) {
  Witness witness;
  run({.line = "setsid sleep 600 & echo $!"});
  const auto stays = static_cast<pid_t>(std::stoi(lines.at(0).substr(4)));
  at_line = [this] { process->kill_tree(); };
  exit.reset();
  run({.line = "echo ready; sleep 600"});
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_TRUE(witness.some_live());
  kill(stays, SIGKILL);
  EXPECT_TRUE(witness.all_gone());
}

}  // namespace
}  // namespace throttle::uv
