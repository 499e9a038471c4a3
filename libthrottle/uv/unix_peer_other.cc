// Other systems: the client of a Unix socket is not known.
#include "libthrottle/uv/unix_socket.h"

namespace throttle::uv {

std::optional<std::uint32_t> peer_user(const uv_stream_t&) noexcept {
  return std::nullopt;
}

}  // namespace throttle::uv
