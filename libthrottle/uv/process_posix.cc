#include <csignal>
#include <utility>

#include <uv.h>

#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {

// A detached child is the leader of a session, and so of a process group that has its number.
ShellCall shell_call(const std::string& line) {
  return {{"/bin/sh", "-c", line}, UV_PROCESS_DETACHED};
}

ProcessTree::ProcessTree(int pid) : pid_(pid) {}
ProcessTree::~ProcessTree() = default;
ProcessTree::ProcessTree(ProcessTree&& other) noexcept = default;
ProcessTree& ProcessTree::operator=(ProcessTree&& other) noexcept = default;

void ProcessTree::kill() noexcept {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

}  // namespace throttle::uv
