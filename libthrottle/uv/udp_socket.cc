// A uv_udp_t in its box; it only tries to send and queues nothing.
#include "libthrottle/uv/udp_socket.h"

#include <utility>

#include "libthrottle/uv/buffer.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/sockaddr.h"

namespace throttle::uv {

struct UdpSocket::Box {
  uv_udp_t uv{};
  SocketAddress target;
};

UdpSocket::UdpSocket(Loop& loop, const SocketAddress& target) {
  auto box = std::make_unique<Box>(Box{.target = target});
  uv_udp_init(loop.raw(), &box->uv);  // cannot fail: it opens no socket yet
  box_ = own(std::move(box));
}

UdpSocket::~UdpSocket() = default;
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;

Result<void> UdpSocket::send(std::string_view datagram) {
  const uv_buf_t buffer = buffer_of(datagram);
  const Sockaddr target(box_->target);
  const int status = uv_udp_try_send(&box_->uv, &buffer, 1, target.get());
  if (status < 0) return fail(status, "cannot send to " + box_->target.to_string());
  return {};
}

}  // namespace throttle::uv
