// A uv_async_t in its box.
#include "libthrottle/uv/async.h"

#include "libthrottle/core/check.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

struct Async::Box {
  uv_async_t uv{};
  Callback<void()> on_wake;

  static void woken(uv_async_t* uv) noexcept { box_of<Box>(uv).on_wake(); }
};

Async::Async(Loop& loop, Callback<void()> on_wake) {
  auto box = std::make_unique<Box>(Box{.on_wake = on_wake});
  // Cannot fail: all asyncs of a loop share the descriptor that uv_loop_init() opened.
  THROTTLE_CHECK(uv_async_init(loop.raw(), &box->uv, Box::woken) == 0);
  box_ = own(std::move(box));
}

Async::~Async() = default;
Async::Async(Async&&) noexcept = default;
Async& Async::operator=(Async&&) noexcept = default;

void Async::wake() noexcept {
  uv_async_send(&box_->uv);
}

}  // namespace throttle::uv
