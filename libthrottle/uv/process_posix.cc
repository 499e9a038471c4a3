#include <csignal>

#include <uv.h>

#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {

// A detached child is the leader of a session, and so of a process group that has its number.
ShellCall shell_call(const std::string& line) {
  return {{"/bin/sh", "-c", line}, UV_PROCESS_DETACHED};
}

ProcessTree::ProcessTree(int pid) : group_(pid) {}

ProcessTree::~ProcessTree() = default;

void ProcessTree::kill() const noexcept {
  if (group_ != 0) ::kill(static_cast<pid_t>(-group_), SIGKILL);
}

}  // namespace throttle::uv
