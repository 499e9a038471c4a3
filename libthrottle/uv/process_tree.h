// What differs between systems in running a command: which shell, and how to end it with all its
// children. Threads: the loop's.
#pragma once

#include <string>
#include <vector>

namespace throttle::uv {

// How uv_spawn() is to run `line`.
struct ShellCall {
  std::vector<std::string> arguments;  // the first is the file
  unsigned flags = 0;                  // of uv_process_options_t
};
ShellCall shell_call(const std::string& line);

// The processes that descend from one, which was spawned by a ShellCall a moment ago.
class ProcessTree {
 public:
  ProcessTree() = default;  // of nobody
  explicit ProcessTree(int pid);
  ~ProcessTree();
  ProcessTree(ProcessTree&& other) noexcept;
  ProcessTree& operator=(ProcessTree&& other) noexcept;

  // Ends them all. Only while the first of them has not been waited for.
  void kill() noexcept;

 private:
  int pid_ = 0;
  void* job_ = nullptr;  // on Windows
};

}  // namespace throttle::uv
