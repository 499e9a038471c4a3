// Other systems: TCP segments are left to the system.
#include "libthrottle/uv/segments.h"

namespace throttle::uv {

void hold_handshake_back(uv_stream_t&) noexcept {}

void end_handshake(uv_stream_t&) noexcept {}

bool first_write_is_never_held_back() noexcept {
  return false;
}

int try_write_before_end(uv_stream_t& socket, const uv_buf_t* buffers, unsigned count) noexcept {
  return uv_try_write(&socket, buffers, count);
}

int try_read(const uv_stream_t&, std::span<char>) noexcept {
  return UV_EAGAIN;
}

int try_peek(const uv_stream_t&, std::span<char>) noexcept {
  return UV_EAGAIN;
}

}  // namespace throttle::uv
