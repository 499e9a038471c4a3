// A uv_signal_t in its box.
#include "libthrottle/uv/signal.h"

#include <string>

#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

static_assert(kHangUpSignal == SIGHUP && kResizeSignal == SIGWINCH);

struct Signal::Box {
  uv_signal_t uv{};
  Callback<void()> on_signal;

  static void caught(uv_signal_t* uv, int) noexcept { box_of<Box>(uv).on_signal(); }
};

Signal::Signal(BoxOwner<Box> box) : box_(std::move(box)) {}
Signal::~Signal() = default;
Signal::Signal(Signal&&) noexcept = default;
Signal& Signal::operator=(Signal&&) noexcept = default;

Result<Signal> Signal::watch(Loop& loop, int number, Callback<void()> on_signal) {
  const auto what = [number] { return "cannot watch signal " + std::to_string(number); };
  auto box = std::make_unique<Box>(Box{.on_signal = on_signal});
  if (const int status = uv_signal_init(loop.raw(), &box->uv); status < 0) {
    return fail(status, what());
  }
  Signal signal(own(std::move(box)));
  const int status = uv_signal_start(&signal.box_->uv, Box::caught, number);
  if (status < 0) return fail(status, what());
  return signal;
}

}  // namespace throttle::uv
