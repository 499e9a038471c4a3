// The process of a command, as process.cc runs it: its start and its end; child_posix.cc and
// child_win32.cc.
//
// The system has to report the end of a process, or it stays a zombie. So a child that is destroyed
// while it runs is killed, and its box stays until its end was reported.
// Threads: the loop's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/process.h"

struct uv_pipe_s;

namespace throttle::uv {

class Loop;

using Variables = std::vector<std::pair<std::string, std::string>>;

class Child {
 public:
  struct Start {
    const std::string& line;  // for the shell
    Variables environment;    // besides that of this process
    // Initialised and not open; as soon as it has started they can be read from.
    uv_pipe_s& standard_output;
    uv_pipe_s& standard_error;
  };
  using OnExit = Callback<void(const ProcessExit&)>;

  explicit Child(Loop& loop) : loop_(loop) {}
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Once. Returns 0, or an error of libuv. `on_exit` is called once, unless the child is destroyed
  // before; it may destroy it as the last thing it does.
  int start(const Start& start, OnExit on_exit);
  // Until on_exit.
  bool running() const;
  // Of the shell.
  int pid() const;
  // Ends it with all that it has started; only while it runs.
  void kill();

 private:
  struct Box;
  struct Release {
    void operator()(Box* box) const noexcept;
  };

  Loop& loop_;
  std::unique_ptr<Box, Release> box_;
};

// The environment of this process with `changes` on top, as "NAME=value".
std::vector<std::string> environment_with(const Variables& changes);

// Whether two names are of the same variable of the environment: on Windows without case.
bool is_same_variable(std::string_view one, std::string_view other) noexcept;

// A line of a command's output in UTF-8, as far as the system knows what it is in.
std::string output_text(std::string_view line);

}  // namespace throttle::uv
