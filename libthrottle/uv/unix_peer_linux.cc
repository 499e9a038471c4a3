// Linux: the kernel keeps the credentials of the process that connected.
#include <sys/socket.h>

#include "libthrottle/uv/unix_socket.h"

namespace throttle::uv {

std::optional<std::uint32_t> peer_user(const uv_stream_t& stream) noexcept {
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(&stream), &descriptor) != 0)
    return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

}  // namespace throttle::uv
