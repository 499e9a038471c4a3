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
ProcessTree::ProcessTree(int pid, std::string) {
  constexpr DWORD kAccess = PROCESS_SET_QUOTA | PROCESS_TERMINATE;
  const HANDLE process = OpenProcess(kAccess, FALSE, static_cast<DWORD>(pid));
  if (process == nullptr) return;
  const HANDLE job = CreateJobObjectW(nullptr, nullptr);
  if (job != nullptr && AssignProcessToJobObject(job, process) != 0) {
    group_ = reinterpret_cast<std::intptr_t>(job);
  } else if (job != nullptr) {
    CloseHandle(job);
  }
  CloseHandle(process);
}

ProcessTree::~ProcessTree() {
  if (group_ != 0) CloseHandle(reinterpret_cast<HANDLE>(group_));
}

void ProcessTree::kill() const noexcept {
  if (group_ != 0) TerminateJobObject(reinterpret_cast<HANDLE>(group_), 1);
}

}  // namespace throttle::uv
