// The hooks as commands of the system's shell. THROTTLE_* variables in their environment say what
// they are called for.
//
// A process that a command leaves running in the background goes on when the command has ended, and
// may go on writing (Leftovers). Threads: the loop's.
#pragma once

#include <string>

#include "libthrottle/proxy/hook_runner.h"
#include "libthrottle/proxy/leftovers.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

class ShellHooks final : public HookRunner {
 public:
  // All outlive it; it outlives its runs. `settings` are those in force whenever a command is
  // started. `receiver` receives the output of processes that commands left running.
  ShellHooks(uv::Loop& loop, const Settings& settings, Leftovers::Receiver& receiver);

  bool wants(HookKind kind) const noexcept override { return !command_of(kind).empty(); }
  // Destroying the Run kills the command with all its children, if it still runs.
  Result<std::unique_ptr<Run>> start(const HookCall& call, Listener& listener) override;

  const Leftovers& leftovers() const { return leftovers_; }

 private:
  class Shell;
  const std::string& command_of(HookKind kind) const noexcept;

  uv::Loop& loop_;
  const Settings& settings_;
  Leftovers leftovers_;
};

}  // namespace throttle::proxy
