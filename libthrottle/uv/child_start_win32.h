// cmd.exe with a command, started and not running yet. For child_win32.cc.
// Threads: the loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>
#include <windows.h>  // tidy-allow: light-headers, for the files of Windows alone

namespace throttle::uv {

struct CloseKernelHandle {
  using pointer = HANDLE;
  void operator()(HANDLE handle) const noexcept { CloseHandle(handle); }
};
using KernelHandle = std::unique_ptr<HANDLE, CloseKernelHandle>;

class SuspendedShell {
 public:
  struct Outputs {
    HANDLE standard_output;
    HANDLE standard_error;
  };

  SuspendedShell() = default;
  // Ends it if it was not resumed.
  ~SuspendedShell();
  SuspendedShell(const SuspendedShell&) = delete;
  SuspendedShell& operator=(const SuspendedShell&) = delete;

  // Starts it with no input, no window and no other handle of this process. `environment` is lines
  // of "NAME=value". Returns 0, or an error of libuv.
  int start(const std::string& line, const std::vector<std::string>& environment,
            const Outputs& outputs);
  HANDLE process() const { return process_.get(); }
  DWORD pid() const { return pid_; }
  // Lets it run; the process is the caller's.
  KernelHandle resume();

 private:
  KernelHandle process_;
  KernelHandle thread_;
  DWORD pid_ = 0;
};

}  // namespace throttle::uv
