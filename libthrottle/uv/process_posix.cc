// A command is the leader of a session and of a process group, so one signal reaches all children
// that stay in it.
#include <csignal>

#include <uv.h>

#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {
namespace {

// Sets the limit of open files back to what this process was started with: programs that use
// select(), or close all that they may have open, suffer from a raised one. On the same line, so
// that the shell counts the lines of its messages as before.
std::string lowering_the_limit() {
  const std::size_t limit = descriptor_limit_at_start();
  if (limit >= descriptor_limit()) return {};
  return "ulimit -S -n " + std::to_string(limit) + "; ";
}

}  // namespace

// A detached child is the leader of a session, and so of a process group that has its number.
ShellCall shell_call(const std::string& line) {
  return {{"/bin/sh", "-c", lowering_the_limit() + line}, UV_PROCESS_DETACHED, new_mark()};
}

ProcessTree::ProcessTree(int pid, std::string mark) : group_(pid), mark_(std::move(mark)) {}

ProcessTree::~ProcessTree() = default;

void ProcessTree::kill() const noexcept {
  if (group_ == 0) return;
  ::kill(static_cast<pid_t>(-group_), SIGKILL);
}

}  // namespace throttle::uv
