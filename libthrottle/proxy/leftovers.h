// What commands left running in the background when they ended: what it writes is read and told, as
// long as there is somebody who could write.
//
// A service that a command restarts lives so long, and must not die of a pipe that nobody reads.
// Nothing here ends what was left running. Once its output is not read any more, writing ends it
// (SIGPIPE), unless it sees to that itself. Threads: the loop's.
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
    // Said by what the command of this hook left running.
    virtual void on_line(const HookCall& call, std::string_view line) noexcept = 0;
    // There are kMost, and one more: the output of what this hook left is not read any more.
    virtual void on_too_many(const HookCall& call) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  // Each takes two descriptors. Who restarts a service has one or two of them; so many have only
  // those whose commands leave something that never ends, time and again.
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
    Leftover(Leftovers& its_all, const HookCall& its_call, uv::Process its_command);
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
