#include <utility>

#include <uv.h>

#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {

// cmd.exe does its own quoting: with /s it strips the outer quotes and takes the rest as it stands.
ShellCall shell_call(const std::string& line) {
  return {{"cmd.exe", "/d", "/s", "/c", "\"" + line + "\""},
          UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS | UV_PROCESS_WINDOWS_HIDE};
}

// A job takes in all that the process starts from now on. The shell has hardly begun: libuv cannot
// start it suspended.
ProcessTree::ProcessTree(int pid) : pid_(pid) {
  constexpr DWORD kAccess = PROCESS_SET_QUOTA | PROCESS_TERMINATE;
  const HANDLE process = OpenProcess(kAccess, FALSE, static_cast<DWORD>(pid));
  if (process == nullptr) return;
  job_ = CreateJobObjectW(nullptr, nullptr);
  if (job_ != nullptr && AssignProcessToJobObject(job_, process) == 0) {
    CloseHandle(std::exchange(job_, nullptr));
  }
  CloseHandle(process);
}

ProcessTree::~ProcessTree() {
  if (job_ != nullptr) CloseHandle(job_);
}

ProcessTree::ProcessTree(ProcessTree&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), job_(std::exchange(other.job_, nullptr)) {}

ProcessTree& ProcessTree::operator=(ProcessTree&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(job_, other.job_);
  return *this;
}

void ProcessTree::kill() noexcept {
  if (job_ != nullptr) {
    TerminateJobObject(job_, 1);
  } else if (pid_ > 0) {
    uv_kill(pid_, SIGKILL);  // without a job at least the shell itself
  }
}

}  // namespace throttle::uv
