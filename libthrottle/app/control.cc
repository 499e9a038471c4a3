// The bits of a Control and the wake-up that follows each of them.
#include "libthrottle/app/control.h"

#include "libthrottle/core/check.h"
#include "libthrottle/uv/async.h"

namespace throttle::app {

namespace {

constexpr std::uint32_t kStop = 1U << 0U;
constexpr std::uint32_t kStopNow = 1U << 1U;
constexpr std::uint32_t kReload = 1U << 2U;
constexpr std::uint32_t kPause = 1U << 3U;
constexpr std::uint32_t kResume = 1U << 4U;

}  // namespace

Control::~Control() {
  THROTTLE_CHECK(wake_up_ == nullptr);
}

void Control::stop(const char* asked_by) noexcept {
  request_stop(kStop, asked_by);
}

void Control::stop_now(const char* asked_by) noexcept {
  request_stop(kStopNow, asked_by);
}

void Control::reload() noexcept {
  request(kReload);
}

void Control::pause() noexcept {
  request(kPause, kResume);
}

void Control::resume() noexcept {
  request(kResume, kPause);
}

void Control::request_stop(std::uint32_t bit, const char* asked_by) noexcept {
  const char* nobody = nullptr;
  asked_by_.compare_exchange_strong(nobody, asked_by);
  request(bit);
}

void Control::request(std::uint32_t bit, std::uint32_t instead_of) noexcept {
  std::uint32_t before = requests_.load();
  while (!requests_.compare_exchange_weak(before, (before & ~instead_of) | bit)) {
  }
  wake();
}

void Control::wake() noexcept {
  const std::lock_guard lock(mutex_);
  if (wake_up_ != nullptr) wake_up_->wake();
}

bool Control::is_stop_requested() const noexcept {
  return (requests_.load() & (kStop | kStopNow)) != 0;
}

Control::Requests Control::take() noexcept {
  const std::uint32_t bits = requests_.exchange(0);
  const char* const asked_by = asked_by_.load();
  return {.stop = (bits & kStop) != 0,
          .stop_now = (bits & kStopNow) != 0,
          .reload = (bits & kReload) != 0,
          .pause = (bits & kPause) != 0,
          .resume = (bits & kResume) != 0,
          .asked_by = asked_by == nullptr ? std::string_view() : asked_by};
}

void Control::attach(uv::Async& wake_up) noexcept {
  {
    const std::lock_guard lock(mutex_);
    THROTTLE_CHECK(wake_up_ == nullptr);
    wake_up_ = &wake_up;
  }
  if (requests_.load() != 0) wake();
}

void Control::detach() noexcept {
  const std::lock_guard lock(mutex_);
  wake_up_ = nullptr;
}

}  // namespace throttle::app
