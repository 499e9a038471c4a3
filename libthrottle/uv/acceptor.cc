#include "libthrottle/uv/acceptor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {
namespace {

constexpr auto kRetryTime = std::chrono::milliseconds(100);

// Half of them at least, however few the system grants.
std::size_t most_streams_beside(std::size_t spare) {
  const std::size_t limit = descriptor_limit();
  return limit - std::min(spare, limit / 2);
}

}  // namespace

Acceptor::Acceptor(Loop& loop, Receiver& receiver, std::size_t spare_descriptors)
    : loop_(loop),
      receiver_(receiver),
      most_streams_(most_streams_beside(spare_descriptors)),
      retry_(loop, bound<&Acceptor::retry>(this)) {}

Result<SocketAddress> Acceptor::listen(const SocketAddress& address, Duration keepalive) {
  auto listener = TcpListener::listen(loop_, address, *this);
  if (!listener) return tl::unexpected(std::move(listener).error());
  listener_ = std::move(*listener);
  if (keepalive != kForever) listener_->set_keepalive(keepalive);
  listening_ = true;
  return listener_->local_address();
}

void Acceptor::set_spare_descriptors(std::size_t spare) {
  most_streams_ = most_streams_beside(spare);
}

bool Acceptor::has_descriptors() const {
  return loop_.open_streams() < most_streams_;
}

void Acceptor::take() {
  while (receiver_.has_room()) {
    if (!has_descriptors()) return retry_.arm(now() + kRetryTime);
    auto stream = listener_->accept();
    if (!stream) return;
    receiver_.on_connected(std::move(*stream));
  }
}

void Acceptor::on_accept_failed(const Error& error) noexcept {
  listening_ = false;
  retry_.arm(now() + kRetryTime);
  receiver_.on_accept_failed(error);
}

void Acceptor::retry() {
  if (listening_) return take();
  if (auto opened = listener_->reopen(); !opened) return on_accept_failed(opened.error());
  listening_ = true;
}

}  // namespace throttle::uv
