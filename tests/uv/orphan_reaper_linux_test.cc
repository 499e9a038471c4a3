// Orphans of a process that adopts them, as the first process of a container does.
#include <sys/prctl.h>
#include <sys/wait.h>

#include "libthrottle/uv/orphan_reaper.h"
#include "tests/uv/process_fixture.h"

namespace throttle::uv {
namespace {

class OrphanReaperTest : public ProcessTest {
 protected:
  OrphanReaperTest() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~OrphanReaperTest() override { prctl(PR_SET_CHILD_SUBREAPER, 0); }

  static bool has_children() { return waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) == 0; }
};

TEST_F(OrphanReaperTest, CollectsAnOrphanAndLeavesTheChildrenOfTheLoop) {
  const OrphanReaper reaper(loop);
  run({.line = "(sleep 0.05 &); exit 7"});
  EXPECT_EQ(exit->status, 7);
  process.reset();
  for (const TimePoint give_up = now() + kPatience; has_children() && now() < give_up;)
    run_briefly(loop, std::chrono::milliseconds(5));
  EXPECT_FALSE(has_children());
}

TEST_F(OrphanReaperTest, IsNeededByTheFirstProcessAlone) {
  const OrphanReaper reaper = OrphanReaper::where_needed(loop);
  run({.line = "(sleep 0.01 &); exit 0"});
  process.reset();
  const TimePoint give_up = now() + kPatience;
  siginfo_t child{};
  while (child.si_pid == 0 && now() < give_up)
    waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT);
  EXPECT_NE(child.si_pid, 0) << "this is not the first process";
  waitpid(child.si_pid, nullptr, 0);
}

}  // namespace
}  // namespace throttle::uv
