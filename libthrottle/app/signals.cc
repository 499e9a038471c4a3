// Watches the signals that signal_numbers.h lists for this platform.
#include "libthrottle/app/signals.h"

#include <chrono>
#include <span>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"

namespace throttle::app {
namespace {

// How long the same signal counts as the first one that is delivered again.
constexpr auto kRepeatTime = std::chrono::seconds(1);

}  // namespace

Result<void> Signals::watch() {
  THROTTLE_CHECK(signals_.empty());
  for (const StopSignal& signal : stop_signals()) {
    Stop& stop = stops_.emplace_back(Stop{*this, signal});
    if (auto watching = watch(signal.number, uv::bound<&Stop::on_signal>(&stop)); !watching)
      return watching;
  }
  const std::pair<std::span<const int>, uv::Callback<void()>> kinds[] = {
      {reload_signals(), uv::bound<&Signals::on_reload>(this)},
      {pause_signals(), uv::bound<&Signals::on_pause>(this)},
      {resume_signals(), uv::bound<&Signals::on_resume>(this)},
  };
  for (const auto& [numbers, callback] : kinds)
    for (const int number : numbers)
      if (auto watching = watch(number, callback); !watching) return watching;
  return {};
}

Result<void> Signals::watch(int number, uv::Callback<void()> on_signal) {
  auto signal = uv::Signal::watch(loop_, number, on_signal);
  if (!signal) return tl::unexpected(signal.error());
  signals_.push_back(*std::move(signal));
  return {};
}

void Signals::on_stop(const StopSignal& signal) {
  const TimePoint now = uv::now();
  if (signal.at_most != kForever) {
    out_of_time_ = signal.name;
    time_over_.arm(saturating_add(now, signal.at_most));
  }
  if (first_stop_ == nullptr) {
    first_stop_ = &signal;
    first_stop_at_ = now;
    return control_.stop(signal.name);
  }
  const bool repeated = &signal == first_stop_ && now - first_stop_at_ < kRepeatTime;
  if (!repeated) control_.stop_now(signal.name);
}

}  // namespace throttle::app
