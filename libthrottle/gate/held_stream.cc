// How a waiting client's departure is noticed, reading or not.
//
// While the stream is read, the loop reports ends and resets. Once as many bytes are kept as the
// limit allows it is not read any more, and a DepartureWatch takes over. After an end that does not
// mean departure the watch looks for resets alone: keep-alive makes one of a client that has closed
// and not only half-closed.
#include "libthrottle/gate/held_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::gate {

HeldStream::HeldStream(uv::Loop& loop, uv::TcpStream stream, const Options& options,
                       Receiver& receiver)
    : loop_(loop),
      receiver_(receiver),
      limit_(static_cast<std::uint32_t>(
          std::min<std::size_t>(options.limit, std::numeric_limits<std::uint32_t>::max()))),
      half_closed_(options.half_closed),
      stream_(std::move(stream)) {
  stream_.set_receiver(*this);
  stream_.start_reading();
}

void HeldStream::skip(std::size_t count) {
  THROTTLE_CHECK(count <= received_.size());
  received_.erase(0, count);
}

HeldStream::Contents HeldStream::take(Handover handover) {
  THROTTLE_CHECK(stream_.is_open());
  watch_.reset();
  if (handover == Handover::kStopped) {
    stream_.stop_reading();
  } else if (received_.empty()) {
    received_ = stream_.read_now();
  }
  return {.stream = std::move(stream_), .received = std::move(received_), .has_ended = has_ended_};
}

void HeldStream::give_back(uv::TcpStream stream) {
  THROTTLE_CHECK(!stream_.is_open() && stream.is_open() && !has_ended_);
  received_.clear();
  stream_ = std::move(stream);
  stream_.set_receiver(*this);
  stream_.start_reading();
}

void HeldStream::on_bytes(std::string_view bytes) noexcept {
  THROTTLE_CHECK(!has_ended_ && received_.size() < limit_);
  received_.append(bytes);
  if (received_.size() >= limit_) {
    stream_.stop_reading();
    watch(uv::DepartureWatch::What::kEndOrReset);
  }
  receiver_.on_received();
}

void HeldStream::on_eof() noexcept {
  THROTTLE_CHECK(!has_ended_);
  if (received_.empty() || half_closed_ == HalfClosed::kHasLeft) return receiver_.on_left();
  has_ended_ = true;
  watch(uv::DepartureWatch::What::kReset);
  receiver_.on_received();
}

void HeldStream::on_reset() noexcept {
  receiver_.on_left();
}

void HeldStream::on_failed(const Error&) noexcept {
  receiver_.on_left();
}

void HeldStream::watch(uv::DepartureWatch::What what) {
  watch_ =
      uv::DepartureWatch::start(loop_, stream_, what, uv::bound<&HeldStream::on_departure>(this));
}

// The end of a client whose bytes were not all read: it is reported again once they are.
void HeldStream::on_departure(uv::Departure departure) {
  const bool left = departure == uv::Departure::kReset || half_closed_ == HalfClosed::kHasLeft;
  if (left) return receiver_.on_left();
  watch(uv::DepartureWatch::What::kReset);
}

}  // namespace throttle::gate
