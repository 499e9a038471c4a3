// One trial after the other: dialer_ connects, stream_ has to stay open, then a pause. A trial that
// has begun to stay when the time is over still counts.
#include "libthrottle/proxy/readiness.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"

namespace throttle::proxy {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);

}  // namespace

Readiness::Readiness(uv::Loop& loop, Upstream& upstream, const Times& times, OnDone on_done)
    : upstream_(upstream),
      times_(times),
      on_done_(on_done),
      deadline_(saturating_add(uv::now(), times.timeout)),
      timer_(loop, uv::bound<&Readiness::on_timer>(this)) {
  dial();
}

void Readiness::dial() {
  THROTTLE_CHECK(!dialer_ && !stream_);
  const Duration left = std::max(deadline_ - uv::now(), Duration(0));
  dialer_.emplace(upstream_, left, uv::bound<&Readiness::on_dialled>(this));
}

void Readiness::on_dialled(Result<uv::TcpStream> stream) {
  THROTTLE_CHECK(dialer_.has_value() && !stream_);
  dialer_.reset();
  if (!stream) return finish(tl::unexpected(std::move(stream.error())));
  if (times_.stay == Duration(0)) return finish({});
  stream_ = *std::move(stream);
  stream_->set_receiver(*this);
  stream_->start_reading();
  timer_.arm(saturating_add(uv::now(), times_.stay));
}

void Readiness::on_timer() {
  if (stream_) return finish({});
  dial();
}

void Readiness::on_closed() {
  THROTTLE_CHECK(stream_.has_value());
  stream_.reset();
  ++closed_trials_;
  const TimePoint now = uv::now();
  if (now < deadline_) return timer_.arm(std::min(deadline_, now + kPause));
  finish(fail(ErrorCode::kUnavailable,
              upstream_.target().to_string() + " accepts connections and closes them at once (" +
                  std::to_string(closed_trials_) + " in " + format_duration(times_.timeout) +
                  "): what accepts them may stand before a service that is not there yet"));
}

void Readiness::finish(Result<void> verdict) {
  timer_.disarm();
  stream_.reset();
  const OnDone callback = on_done_;
  callback(std::move(verdict));
}

}  // namespace throttle::proxy
