// Processes that commands left running in the background when they ended: their output is read and
// reported for as long as one of them could write.
//
// A service that a command restarts is such a process, and must not be killed by a pipe that nobody
// reads. Nothing here ends a process. Once its output is not read any more, a process that writes
// is killed (SIGPIPE), unless it handles that itself. Threads: the loop's.
#pragma once

#include <cstddef>
#include <list>
#include <string_view>

#include "libthrottle/proxy/hook_runner.h"
#include "libthrottle/uv/process.h"

namespace throttle::proxy {

class Leftovers {
 public:
  class Receiver {
   public:
    // A line of output of a process that the command of this hook left running.
    virtual void on_line(const HookCall& call, std::string_view line) noexcept = 0;
    // There are more than kMost: the output of the process that this hook left is not read any
    // more.
    virtual void on_too_many(const HookCall& call) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  // Each takes two descriptors. A proxy that restarts a service has one or two of them. A larger
  // number means that commands leave processes that never end, time and again.
  static constexpr std::size_t kMost = 64;

  // `receiver` outlives it.
  explicit Leftovers(Receiver& receiver) : receiver_(receiver) {}
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

  // Of a command that has ended, from its on_exit() on.
  void add(const HookCall& call, uv::Process command);

  std::size_t count() const { return leftovers_.size(); }

 private:
  struct Leftover final : uv::Process::Receiver {
    Leftover(Leftovers& owner, const HookCall& of, uv::Process process);
    void on_line(uv::Process::Output, std::string_view line) noexcept override;
    void on_exit(const uv::ProcessExit&) noexcept override {}
    void on_silence() noexcept override;

    Leftovers& all;
    HookCall call;
    uv::Process command;
  };

  Receiver& receiver_;
  std::list<Leftover> leftovers_;  // oldest first
};

}  // namespace throttle::proxy
