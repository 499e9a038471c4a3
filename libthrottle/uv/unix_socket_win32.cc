// Windows: libuv has named pipes instead, which are something else.
#include "libthrottle/core/address.h"
#include "libthrottle/uv/unix_socket.h"

namespace throttle::uv {

UnixSocketFile::~UnixSocketFile() = default;

void UnixSocketFile::set_mode(unsigned) const noexcept {}

Result<BoundUnixSocket> bind_unix_socket(const std::string& path, unsigned) {
  return fail(ErrorCode::kUnavailable, "cannot listen on " + Endpoint::of_unix(path).to_string() +
                                           ": there are no Unix sockets on Windows. Use a TCP "
                                           "port");
}

int connect_unix_socket(uv_connect_t&, uv_pipe_t&, const std::string&, uv_connect_cb) noexcept {
  return UV_ENOTSUP;
}

}  // namespace throttle::uv
