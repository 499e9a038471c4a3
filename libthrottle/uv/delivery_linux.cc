// Linux: the kernel keeps a record of every TCP connection.
#include "libthrottle/uv/tcp_box.h"
#include "libthrottle/uv/tcp_record.h"

namespace throttle::uv {

std::optional<Delivery> TcpStream::delivery() const {
  if (is_unix()) return std::nullopt;
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(as_handle(&box_->uv), &descriptor) != 0) return std::nullopt;
  return read_tcp_record(descriptor);
}

}  // namespace throttle::uv
