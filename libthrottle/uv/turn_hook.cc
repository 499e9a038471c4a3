// A turn of libuv: timers (after the events in newer versions), prepare handles, waiting, events,
// check handles, close callbacks. A prepare handle follows timers and close callbacks, and a check
// handle follows the events; both run in each turn without waking the loop up.
#include "libthrottle/uv/turn_hook.h"

#include <memory>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

struct TurnHook::BeforeWait {
  uv_prepare_t uv{};
  Callback<void()> on_turn;

  static void turn(uv_prepare_t* uv) noexcept { box_of<BeforeWait>(uv).on_turn(); }
};

struct TurnHook::AfterEvents {
  uv_check_t uv{};
  Callback<void()> on_turn;

  static void turn(uv_check_t* uv) noexcept { box_of<AfterEvents>(uv).on_turn(); }
};

TurnHook::TurnHook(Loop& loop, Callback<void()> on_turn) {
  auto before = std::make_unique<BeforeWait>(BeforeWait{.on_turn = on_turn});
  THROTTLE_CHECK(uv_prepare_init(loop.raw(), &before->uv) == 0);
  before_wait_ = own(std::move(before));
  THROTTLE_CHECK(uv_prepare_start(&before_wait_->uv, BeforeWait::turn) == 0);
  uv_unref(as_handle(&before_wait_->uv));

  auto after = std::make_unique<AfterEvents>(AfterEvents{.on_turn = on_turn});
  THROTTLE_CHECK(uv_check_init(loop.raw(), &after->uv) == 0);
  after_events_ = own(std::move(after));
  THROTTLE_CHECK(uv_check_start(&after_events_->uv, AfterEvents::turn) == 0);
  uv_unref(as_handle(&after_events_->uv));
}

TurnHook::~TurnHook() = default;
TurnHook::TurnHook(TurnHook&&) noexcept = default;
TurnHook& TurnHook::operator=(TurnHook&&) noexcept = default;

}  // namespace throttle::uv
