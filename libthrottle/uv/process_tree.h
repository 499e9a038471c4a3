// What differs between systems in running a command: which shell, and how to end it with all its
// children. Threads: the loop's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace throttle::uv {

// How uv_spawn() is to run `line`.
struct ShellCall {
  std::vector<std::string> arguments;  // the first is the file
  unsigned flags = 0;                  // of uv_process_options_t
  std::string mark = {};               // of new_mark()
};
ShellCall shell_call(const std::string& line);

// A value like no other, for kMarkName in the environment of one command and so of all that descend
// from it. Empty where the system does not show the environment of processes.
std::string new_mark();
// Ends every process that has one of them, as far as this one may; parents may have ended, and
// sessions changed. Looks at every process of the system, which takes some milliseconds: for a
// thread of its own (process_ender.h). Threads: any.
void kill_marked(std::span<const std::string> marks) noexcept;
inline constexpr char kMarkName[] = "THROTTLE_RUN";

// The processes that descend from one, which a ShellCall has started a moment ago.
class ProcessTree {
 public:
  ProcessTree() = default;  // of nobody
  ProcessTree(int pid, std::string mark);
  ~ProcessTree();  // NOLINT(performance-trivially-destructible): on Windows it closes the job
  ProcessTree(ProcessTree&& other) noexcept
      : group_(std::exchange(other.group_, 0)), mark_(std::move(other.mark_)) {}
  ProcessTree& operator=(ProcessTree&& other) noexcept {
    std::swap(group_, other.group_);
    std::swap(mark_, other.mark_);
    return *this;
  }

  // Ends them at once, except those that made a session of their own on POSIX systems; these have
  // the mark. Only while the first of them has not been waited for.
  void kill() const noexcept;
  const std::string& mark() const { return mark_; }

 private:
  std::intptr_t group_ = 0;  // the number of the process group; the handle of the job on Windows
  std::string mark_;
};

}  // namespace throttle::uv
