// Linux: fewer TCP segments for a short connection, by delayed handshakes and MSG_MORE.
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "libthrottle/uv/segments.h"

namespace throttle::uv {
namespace {

int descriptor_of(const uv_stream_t& socket) {
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<const uv_handle_t*>(&socket), &descriptor);
  return descriptor;
}

void set_quick_acknowledgement(const uv_stream_t& socket, int on) {
  setsockopt(descriptor_of(socket), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

int receive(const uv_stream_t& socket, std::span<char> bytes, int flags) {
  const ssize_t size = recv(descriptor_of(socket), bytes.data(), bytes.size(), flags);
  if (size > 0) return static_cast<int>(size);
  return size == 0 ? UV_EOF : -errno;
}

}  // namespace

void hold_handshake_back(uv_stream_t& socket) noexcept {
  set_quick_acknowledgement(socket, 0);
}

void end_handshake(uv_stream_t& socket) noexcept {
  set_quick_acknowledgement(socket, 1);
}

// Linux delays a small segment only if another small one is not acknowledged yet (Minshall).
bool first_write_is_never_held_back() noexcept {
  return true;
}

// libuv has no flags for a write. Its buffers are those of the system.
int try_write_before_end(uv_stream_t& socket, const uv_buf_t* buffers, unsigned count) noexcept {
  if (uv_stream_get_write_queue_size(&socket) > 0) return UV_EAGAIN;
  msghdr message{};
  message.msg_iov = reinterpret_cast<iovec*>(const_cast<uv_buf_t*>(buffers));
  message.msg_iovlen = count;
  const ssize_t sent = sendmsg(descriptor_of(socket), &message, MSG_MORE | MSG_NOSIGNAL);
  return sent < 0 ? -errno : static_cast<int>(sent);
}

int try_read(const uv_stream_t& socket, std::span<char> bytes) noexcept {
  return receive(socket, bytes, 0);
}

int try_peek(const uv_stream_t& socket, std::span<char> bytes) noexcept {
  return receive(socket, bytes, MSG_PEEK);
}

}  // namespace throttle::uv
