#include "libthrottle/http/acceptor.h"

#include <chrono>
#include <utility>

#include "libthrottle/uv/clock.h"

namespace throttle::http {
namespace {

constexpr auto kRetryTime = std::chrono::milliseconds(100);

}  // namespace

Acceptor::Acceptor(uv::Loop& loop, Receiver& receiver)
    : loop_(loop), receiver_(receiver), retry_(loop, uv::bound<&Acceptor::reopen>(this)) {}

Result<SocketAddress> Acceptor::listen(const SocketAddress& address) {
  auto listener = uv::TcpListener::listen(loop_, address, *this);
  if (!listener) return tl::unexpected(std::move(listener).error());
  listener_ = std::move(*listener);
  return listener_->local_address();
}

void Acceptor::take() {
  while (receiver_.has_room()) {
    auto stream = listener_->accept();
    if (!stream) return;
    receiver_.on_connected(std::move(*stream));
  }
}

void Acceptor::on_accept_failed(const Error& error) noexcept {
  retry_.arm(uv::now() + kRetryTime);
  receiver_.on_accept_failed(error);
}

void Acceptor::reopen() {
  if (auto opened = listener_->reopen(); !opened) on_accept_failed(opened.error());
}

}  // namespace throttle::http
