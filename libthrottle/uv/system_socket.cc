// The part of SystemSocket that is the same on every system.
#include "libthrottle/uv/system_socket.h"

#include "libthrottle/core/check.h"
#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

SystemSocket::~SystemSocket() {
  if (number_ != kNone) close_socket(static_cast<uv_os_sock_t>(number_));
}

SystemSocket::Number SystemSocket::release() {
  THROTTLE_CHECK(number_ != kNone);
  return std::exchange(number_, kNone);
}

}  // namespace throttle::uv
