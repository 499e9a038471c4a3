// A run of a hook with its deadline. A verdict that comes from within start() is kept for the next
// turn, since the caller of start() does not expect the end yet.
#include "libthrottle/proxy/hook.h"

#include <string>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/uv/clock.h"

namespace throttle::proxy {

Hook::Hook(uv::Loop& loop, const HookCall& call, Receiver& receiver)
    : call_(call), receiver_(receiver), timer_(loop, uv::bound<&Hook::on_timer>(this)) {}

void Hook::start(HookRunner& runner, Duration timeout) {
  THROTTLE_CHECK(run_ == nullptr && !early_verdict_);
  started_ = uv::now();
  timeout_ = timeout;
  timer_.arm(saturating_add(started_, timeout));
  auto run = runner.start(call_, *this);
  if (!run) return end_soon(tl::unexpected(std::move(run.error())));
  run_ = *std::move(run);
}

Duration Hook::age() const {
  return uv::now() - started_;
}

void Hook::on_line(std::string_view line) noexcept {
  receiver_.on_line(*this, line);
}

void Hook::on_ended(Result<void> verdict) noexcept {
  const bool starting = run_ == nullptr;
  if (starting) return end_soon(std::move(verdict));
  end(std::move(verdict));
}

void Hook::on_timer() {
  if (early_verdict_) return end(*std::move(early_verdict_));
  THROTTLE_CHECK(run_ != nullptr);
  run_.reset();
  end(fail(ErrorCode::kUnavailable, "the " + std::string(name_of(call_.kind)) +
                                        " hook took longer than " + format_duration(timeout_) +
                                        " and was ended"));
}

void Hook::end_soon(Result<void> verdict) {
  THROTTLE_CHECK(!early_verdict_);
  early_verdict_ = std::move(verdict);
  timer_.arm(started_);
}

void Hook::end(Result<void> verdict) {
  timer_.disarm();
  receiver_.on_ended(*this, age(), std::move(verdict));
}

}  // namespace throttle::proxy
