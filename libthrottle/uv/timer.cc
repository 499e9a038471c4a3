// A uv_timer_t in its box. Deadlines in nanoseconds are rounded up to libuv's milliseconds.
#include "libthrottle/uv/timer.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

// All in the loop's milliseconds, which are those of the monotonic clock.
struct Timer::Box {
  uv_timer_t uv{};
  Callback<void()> on_due;
  std::uint64_t due_ms = 0;       // of the armed timer
  std::uint64_t may_fire_ms = 0;  // one after the last time it fired

  static void due(uv_timer_t* uv) noexcept {
    auto& box = box_of<Box>(uv);
    box.may_fire_ms = uv_now(uv->loop) + 1;
    box.on_due();
  }
};

Timer::Timer(Loop& loop, Callback<void()> on_due) {
  auto box = std::make_unique<Box>(Box{.on_due = on_due});
  uv_timer_init(loop.raw(), &box->uv);  // cannot fail
  box_ = own(std::move(box));
}

Timer::~Timer() = default;
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&&) noexcept = default;

void Timer::arm(TimePoint when) {
  if (when == kNever) return disarm();
  using std::chrono::ceil, std::chrono::milliseconds;
  const auto when_ms = std::max(ceil<milliseconds>(when.time_since_epoch()), milliseconds(0));
  const auto due_ms = std::max(static_cast<std::uint64_t>(when_ms.count()), box_->may_fire_ms);
  if (due_ms == box_->due_ms && uv_is_active(as_handle(&box_->uv)) != 0) return;

  const std::uint64_t now_ms = uv_now(box_->uv.loop);
  uv_timer_start(&box_->uv, Box::due, due_ms > now_ms ? due_ms - now_ms : 0, 0);
  box_->due_ms = due_ms;
}

void Timer::disarm() {
  uv_timer_stop(&box_->uv);
}

}  // namespace throttle::uv
