#include "libthrottle/proxy/held_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace throttle::proxy {

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

HeldStream::Contents HeldStream::take(Handover handover) {
  watch_.reset();
  if (handover == Handover::kStopped) {
    stream_.stop_reading();
  } else if (said_.empty()) {
    said_ = stream_.read_now();
  }
  return {.stream = std::move(stream_), .said = std::move(said_), .has_ended = has_ended_};
}

void HeldStream::on_bytes(std::string_view bytes) noexcept {
  said_.append(bytes);
  if (said_.size() >= limit_) {
    stream_.stop_reading();
    watch(uv::DepartureWatch::What::kEndOrReset);
  }
  receiver_.on_said();
}

// A stream whose end was read hears nothing more by itself; keep-alive makes a reset of a client
// that has closed and not only half-closed.
void HeldStream::on_eof() noexcept {
  if (said_.empty() || half_closed_ == HalfClosed::kHasLeft) return receiver_.on_left();
  has_ended_ = true;
  watch(uv::DepartureWatch::What::kReset);
  receiver_.on_said();
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

// The end of a client whose bytes were not all read: it comes again when they are.
void HeldStream::on_departure(uv::Departure departure) {
  const bool left = departure == uv::Departure::kReset || half_closed_ == HalfClosed::kHasLeft;
  if (left) return receiver_.on_left();
  watch(uv::DepartureWatch::What::kReset);
}

}  // namespace throttle::proxy
