// Bytes as libuv takes them, for the .cc files of this room. Threads: any.
#pragma once

#include <string_view>

#include <uv.h>

#include "libthrottle/uv/loop.h"

namespace throttle::uv {

// For sending: libuv wants char* and a length of its own width, and never writes to the bytes.
inline uv_buf_t buffer_of(std::string_view bytes) {
  return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
}

// For reading into, by an alloc callback.
inline uv_buf_t read_buffer_of(Loop& loop) {
  const auto bytes = loop.read_buffer();
  return uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
}

}  // namespace throttle::uv
