// The hooks as commands of the system's shell, told what they are to know in THROTTLE_* variables.
//
// What a command leaves running in the background stays when the command has ended, and may go on
// writing (Leftovers). Threads: the loop's.
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
  // `loop` and `receiver`, of what commands left running, outlive it; it outlives its runs.
  ShellHooks(uv::Loop& loop, const Settings& settings, Leftovers::Receiver& receiver);

  void set_settings(const Settings& settings);  // for what is started from now on

  bool wants(HookKind kind) const noexcept override { return !command_of(kind).empty(); }
  // Destroying the Run kills the command with all its children, if it still runs.
  Result<std::unique_ptr<Run>> start(const HookCall& call, Listener& listener) override;

  const Leftovers& leftovers() const { return leftovers_; }

 private:
  class Shell;
  const std::string& command_of(HookKind kind) const noexcept;

  uv::Loop& loop_;
  std::string proxy_;
  std::string upstream_;
  Hooks hooks_;
  Leftovers leftovers_;
};

}  // namespace throttle::proxy
