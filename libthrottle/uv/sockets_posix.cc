#include <csignal>
#include <sys/socket.h>

#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
}

// Nothing to do: libuv takes one from the backlog at a time. (Its switch would make it sleep.)
void accept_in_order(uv_tcp_t&) noexcept {}

bool connections_inherit_options() noexcept {
  return true;
}

// It fails only on a connection that is gone, which those hear of who read from it.
bool shut_down_at_once(const uv_tcp_t& socket) noexcept {
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(&socket), &descriptor) == 0) {
    ::shutdown(descriptor, SHUT_WR);
  }
  return true;
}

}  // namespace throttle::uv
