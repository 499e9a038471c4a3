// Systems that do not say what the other side has acknowledged.
#include "libthrottle/uv/tcp_box.h"

namespace throttle::uv {

std::optional<Delivery> TcpStream::delivery() const {
  return std::nullopt;
}

}  // namespace throttle::uv
