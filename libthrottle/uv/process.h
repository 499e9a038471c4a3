// Runs a command of the shell: with its environment. Its output is reported line by line, and
// its end; it is ended with all its children if it hangs.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/result.h"

namespace throttle::uv {

class Loop;

struct Command {
  std::string line;  // for "/bin/sh -c", on Windows for "cmd.exe /c"
  // Set besides what this process has in its own environment.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::size_t max_line_bytes = 4096;  // a longer line of output comes in pieces
};

struct ProcessExit {
  std::int64_t status = 0;
  int signal = 0;  // that ended it; 0 if it ended by itself

  // For people: "ended with status 3", "was killed by signal 9". Windows has crashes as large
  // numbers, which are known by their hexadecimal digits: "ended with status 0xC0000005".
  std::string text() const;

  bool succeeded() const { return status == 0 && signal == 0; }
};

class Process {
 public:
  enum class Output : std::uint8_t { kStdout, kStderr };

  // In each call the receiver may destroy the process as the last thing it does.
  class Receiver {
   public:
    // A line without its end; good until it returns.
    virtual void on_line(Output output, std::string_view line) noexcept = 0;
    // The command has ended and what it wrote has been reported; called once. A child that it left
    // in the background may go on writing (has_writers()), which is reported until the process is
    // destroyed; then such a child has nowhere to write.
    virtual void on_exit(const ProcessExit& exit) noexcept = 0;
    // No process is left that could write; called once, if there was one when the command had
    // ended.
    virtual void on_silence() noexcept {}

   protected:
    ~Receiver() = default;
  };

  // Starts the command in a session of its own (a job on Windows), with no input and the limit of
  // open files that this process was started with. `receiver` outlives the process. Errors name the
  // command: kExhausted without descriptors or memory, kNotFound without a shell.
  static Result<Process> spawn(Loop& loop, const Command& command, Receiver& receiver);
  // Kills it as kill_tree() does, if it still runs.
  ~Process();
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;

  // Receives the reports from now on; outlives the process.
  void set_receiver(Receiver& receiver);

  // Of the shell.
  int pid() const;

  // Whether somebody has its output open: the command, or what it left in the background.
  bool has_writers() const;

  // Ends the command and its children; on_exit() follows. Children that made a session of their own
  // end a moment later on Linux, where a search that does not hold up the loop finds them by
  // THROTTLE_RUN in their environment; at once on Windows; and elsewhere they live on. After the
  // command's end it does nothing: what it left behind is meant to stay.
  void kill_tree();

 private:
  struct State;
  struct Pipe;
  explicit Process(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
