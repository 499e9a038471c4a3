#include <csignal>

#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
}

// Nothing to do: libuv takes one from the backlog at a time. (Its switch would make it sleep.)
void accept_in_order(uv_tcp_t&) noexcept {}

}  // namespace throttle::uv
