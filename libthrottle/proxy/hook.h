// One hook that runs, with its deadline.
//
// Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/hook_runner.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

class Hook final : HookRunner::Listener {
 public:
  class Receiver {
   public:
    virtual void on_line(const Hook& hook, std::string_view line) noexcept = 0;
    // Once, after `took`, and in a later turn than start(). An error names the hook and says why it
    // failed. May destroy the hook as the last thing it does.
    virtual void on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  // `loop` and `receiver` outlive it.
  Hook(uv::Loop& loop, const HookCall& call, Receiver& receiver);

  // Once. After `timeout` the hook is ended and has failed. `runner` outlives the hook.
  void start(HookRunner& runner, Duration timeout);

  const HookCall& call() const { return call_; }
  Duration age() const;  // since its start

 private:
  void on_line(std::string_view line) noexcept override;
  void on_ended(Result<void> verdict) noexcept override;
  void on_timer();
  void end_soon(Result<void> verdict);
  void end(Result<void> verdict);

  HookCall call_;
  Receiver& receiver_;
  uv::Timer timer_;  // of the deadline, or of the next turn
  TimePoint started_;
  Duration timeout_{};
  std::optional<Result<void>> early_verdict_;
  std::unique_ptr<HookRunner::Run> run_;
};

}  // namespace throttle::proxy
