// What differs between systems in running a command: which shell, and how to end it with all its
// children. Threads: the loop's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace throttle::uv {

// How uv_spawn() is to run `line`.
struct ShellCall {
  std::vector<std::string> arguments;  // the first is the file
  unsigned flags = 0;                  // of uv_process_options_t
};
ShellCall shell_call(const std::string& line);

// The processes that descend from one, which a ShellCall has started a moment ago.
class ProcessTree {
 public:
  ProcessTree() = default;  // of nobody
  explicit ProcessTree(int pid);
  ~ProcessTree();  // NOLINT(performance-trivially-destructible): on Windows it closes the job
  ProcessTree(ProcessTree&& other) noexcept : group_(std::exchange(other.group_, 0)) {}
  ProcessTree& operator=(ProcessTree&& other) noexcept {
    std::swap(group_, other.group_);
    return *this;
  }

  // Ends them all, as far as the system could keep track of them. Only while the first of them has
  // not been waited for.
  void kill() const noexcept;

 private:
  std::intptr_t group_ = 0;  // the number of the process group; the handle of the job on Windows
};

}  // namespace throttle::uv
