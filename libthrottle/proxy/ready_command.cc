// One run after the other: hook_ runs, then a pause. The last run ends with the time of all.
#include "libthrottle/proxy/ready_command.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/uv/clock.h"

namespace throttle::proxy {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(1);

}  // namespace

ReadyCommand::ReadyCommand(uv::Loop& loop, const HookCall& call, const Times& times,
                           Receiver& receiver)
    : loop_(loop),
      call_(call),
      times_(times),
      receiver_(receiver),
      deadline_(saturating_add(uv::now(), times.all)),
      next_pause_(kFirstPause),
      pause_(loop, uv::bound<&ReadyCommand::run>(this)) {}

void ReadyCommand::start(HookRunner& runner) {
  THROTTLE_CHECK(runner_ == nullptr && runner.wants(call_.kind));
  runner_ = &runner;
  run();
}

void ReadyCommand::run() {
  THROTTLE_CHECK(runner_ != nullptr && !hook_);
  ++runs_;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - uv::now());
  Hook::Receiver& receiver = *this;
  hook_.emplace(loop_, call_, receiver);
  hook_->start(*runner_, std::clamp(Duration(left), Duration(0), times_.each));
}

void ReadyCommand::on_line(const Hook& hook, std::string_view line) noexcept {
  receiver_.on_ready_line(hook.call(), line);
}

void ReadyCommand::on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept {
  THROTTLE_CHECK(hook_.has_value() && &*hook_ == &hook);
  hook_.reset();
  const TimePoint now = uv::now();
  const TimePoint next = saturating_add(now, next_pause_);
  if (!verdict && next < deadline_) {
    next_pause_ = std::min(next_pause_ * 2, kLongestPause);
    return pause_.arm(next);
  }
  if (!verdict) {
    verdict.error().message +=
        " (" + counted(runs_, "run") + " in " + format_duration(times_.all) + ", ready_timeout)";
  }
  receiver_.on_ready_ended(call_, took, std::move(verdict));
}

}  // namespace throttle::proxy
