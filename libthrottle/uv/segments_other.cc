// Other systems: TCP segments are left to the system.
#include "libthrottle/uv/segments.h"

namespace throttle::uv {

void hold_handshake_back(uv_tcp_t&) noexcept {}

void end_handshake(uv_tcp_t&) noexcept {}

bool first_write_is_never_held_back() noexcept {
  return false;
}

int try_write_before_end(uv_tcp_t& socket, const uv_buf_t* buffers, unsigned count) noexcept {
  return uv_try_write(reinterpret_cast<uv_stream_t*>(&socket), buffers, count);
}

int try_read(const uv_tcp_t&, std::span<char>) noexcept {
  return UV_EAGAIN;
}

int try_peek(const uv_tcp_t&, std::span<char>) noexcept {
  return UV_EAGAIN;
}

}  // namespace throttle::uv
