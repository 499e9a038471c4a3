// Children that leave their session, their parent or both.
#include <csignal>
#include <list>
#include <optional>

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

TEST_F(ProcessTest, KillsTheChildrenOfManyCommandsAtOnce) {
  struct Command final : Process::Receiver {
    Command(Loop& its_loop, int& count) : loop(its_loop), ready(count) {
      process.emplace(*Process::spawn(
          loop, {.line = "setsid sh -c 'setsid sleep 600 & echo ready; sleep 600' & wait"}, *this));
    }
    void on_line(Process::Output, std::string_view) noexcept override {
      ++ready;
      loop.stop();
    }
    void on_exit(const ProcessExit&) noexcept override {}
    Loop& loop;
    int& ready;
    std::optional<Process> process;
  };
  Witness witness;
  int ready = 0;
  std::list<Command> commands;
  for (int i = 0; i < 30; ++i)
    commands.emplace_back(loop, ready);
  while (ready < 30 && !HasFailure())
    run_until_stopped(loop);
  commands.clear();
  loop.run();  // until all have ended
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
