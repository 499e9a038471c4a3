#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {}

// By default libuv has 32 accepts under way, and stacks those that have ended.
void accept_in_order(uv_tcp_t& socket) noexcept {
  uv_tcp_simultaneous_accepts(&socket, 0);
}

bool connections_inherit_options() noexcept {
  return false;
}

bool shut_down_at_once(const uv_tcp_t&) noexcept {
  return false;
}

}  // namespace throttle::uv
