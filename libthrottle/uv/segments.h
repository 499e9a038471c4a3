// Ways to spare segments of short connections, for the .cc files of this room: an end or an
// acknowledgement that goes along with bytes costs neither side, nor the network between, anything.
// Where the system has no such ways, everything is sent as ever. Threads: any.
#pragma once

#include <span>

#include <uv.h>

namespace throttle::uv {

// Before connecting: the acknowledgement that ends the handshake waits for the first bytes, though
// not for long (200 ms).
void hold_handshake_back(uv_stream_t& socket) noexcept;
// Connected, and there is nothing to say: sends the acknowledgement alone.
void end_handshake(uv_stream_t& socket) noexcept;

// Whether a first write goes out at once and whole, though TCP_NODELAY is not set.
bool first_write_is_never_held_back() noexcept;

// As uv_try_write(), of bytes that the end of data follows at once: the bytes wait for it.
int try_write_before_end(uv_stream_t& socket, const uv_buf_t* buffers, unsigned count) noexcept;

// Reads without waiting for the loop to come round: how many bytes, UV_EOF, or an error, which the
// system reports only once; UV_EAGAIN where there is nothing yet, or no way to know.
int try_read(const uv_stream_t& socket, std::span<char> bytes) noexcept;
// The same, and leaves everything to be read again.
int try_peek(const uv_stream_t& socket, std::span<char> bytes) noexcept;

}  // namespace throttle::uv
