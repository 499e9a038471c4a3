// Takes connections while the receiver has room and the budget of descriptors allows it.
#include "libthrottle/uv/acceptor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/tcp_box.h"

namespace throttle::uv {
namespace {

constexpr auto kRetryTime = std::chrono::milliseconds(100);

std::size_t places_in(std::size_t spare) {
  return spare - std::min(spare, Acceptor::kSpareDescriptors);
}

}  // namespace

Acceptor::Acceptor(Loop& loop, Receiver& receiver, std::size_t spare_descriptors)
    : loop_(loop),
      receiver_(receiver),
      share_(loop.descriptor_budget().open(&receiver, places_in(spare_descriptors))),
      retry_(loop, bound<&Acceptor::retry>(this)) {
  loop.descriptor_budget().set_limit(descriptor_limit());
}

Result<SocketAddress> Acceptor::listen(const SocketAddress& address, Duration keepalive) {
  THROTTLE_CHECK(!listener_);
  auto listener = TcpListener::listen(loop_, address, *this);
  if (!listener) return tl::unexpected(std::move(listener).error());
  listener_ = std::move(*listener);
  if (keepalive != kForever) listener_->set_keepalive(keepalive);
  listening_ = true;
  return listener_->local_address();
}

Result<void> Acceptor::listen_unix(const std::string& path, unsigned mode) {
  THROTTLE_CHECK(!listener_);
  auto listener = TcpListener::listen(loop_, Endpoint::of_unix(path), *this, {.socket_mode = mode});
  if (!listener) return tl::unexpected(std::move(listener).error());
  listener_ = std::move(*listener);
  listening_ = true;
  return {};
}

void Acceptor::set_socket_mode(unsigned mode) {
  if (listener_) listener_->set_socket_mode(mode);
}

void Acceptor::set_spare_descriptors(std::size_t spare) {
  DescriptorBudget& budget = loop_.descriptor_budget();
  budget.set_limit(descriptor_limit());
  budget.set_places(share_, places_in(spare));
}

bool Acceptor::has_descriptors() const {
  return loop_.descriptor_budget().may_accept(share_, loop_.open_descriptors());
}

void Acceptor::take() {
  while (listener_ && listener_->has_waiting() && receiver_.has_room()) {
    if (!has_descriptors()) return retry_.arm(now() + kRetryTime);
    auto stream = listener_->accept();
    if (!stream) return;
    stream->box_->ticket = loop_.descriptor_budget().accept(share_);
    receiver_.on_connected(std::move(*stream));
  }
}

void Acceptor::close() {
  listener_.reset();
  retry_.disarm();
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
