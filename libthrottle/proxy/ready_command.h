// Runs the ready command of a proxy until it succeeds, which means that the upstream serves again.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/hook.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {

class ReadyCommand final : Hook::Receiver {
 public:
  class Receiver {
   public:
    virtual void on_ready_line(const HookCall& call, std::string_view line) noexcept = 0;
    // Once. The error says how the last run failed. May destroy this object as the last thing it
    // does. Runs that failed before the last one are not reported: a service that starts is no
    // trouble.
    virtual void on_ready_ended(const HookCall& call, Duration took,
                                Result<void> verdict) noexcept = 0;

   protected:
    ~Receiver() = default;
  };
  struct Times {
    Duration each{};  // of one run
    Duration all{};   // of all runs together, with the pauses between them
  };

  // `loop` and `receiver` outlive it.
  ReadyCommand(uv::Loop& loop, const HookCall& call, const Times& times, Receiver& receiver);
  // Ends a run that is under way. Nothing is reported.
  ReadyCommand(const ReadyCommand&) = delete;
  ReadyCommand& operator=(const ReadyCommand&) = delete;

  // Begins, once. `runner` outlives this object.
  void start(HookRunner& runner);

 private:
  void on_line(const Hook& hook, std::string_view line) noexcept override;
  void on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept override;
  void run();

  uv::Loop& loop_;
  HookCall call_;
  Times times_;
  Receiver& receiver_;
  HookRunner* runner_ = nullptr;
  TimePoint deadline_;
  Duration next_pause_;
  std::size_t runs_ = 0;
  std::optional<Hook> hook_;  // while it runs
  uv::Timer pause_;           // after a run that failed
};

}  // namespace throttle::proxy
