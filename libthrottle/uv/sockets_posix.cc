// Unix: how sockets behave.
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libthrottle/uv/sockaddr.h"
#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
}

// Nothing to do: libuv takes one from the backlog at a time. (Its switch would make it sleep.)
void accept_in_order(uv_tcp_t&) noexcept {}

int system_backlog(int backlog) noexcept {
  return backlog;
}

bool connections_inherit_options() noexcept {
  return true;
}

// It fails only on a connection that is gone, which its readers are notified of.
bool shut_down_at_once(const uv_stream_t& socket) noexcept {
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(&socket), &descriptor) == 0) {
    ::shutdown(descriptor, SHUT_WR);
  }
  return true;
}

int duplicate_socket(const uv_stream_t& socket, uv_os_sock_t& duplicate) noexcept {
  uv_os_fd_t descriptor = -1;
  const int status = uv_fileno(reinterpret_cast<const uv_handle_t*>(&socket), &descriptor);
  if (status < 0) return status;
  duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return duplicate < 0 ? uv_translate_sys_error(errno) : 0;
}

void close_socket(uv_os_sock_t socket) noexcept {
  ::close(socket);
}

std::optional<Endpoint> local_endpoint_of(int descriptor) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(descriptor, address, &length) != 0) return std::nullopt;
  if (storage.ss_family == AF_UNIX) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(storage);
    if (length <= offsetof(sockaddr_un, sun_path) || local.sun_path[0] == '\0') return std::nullopt;
    return Endpoint::of_unix(local.sun_path);
  }
  const auto known = from_sockaddr(address);
  return known ? std::optional<Endpoint>(*known) : std::nullopt;
}

int open_duplicate(uv_stream_t& socket, int descriptor) noexcept {
  const int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return uv_translate_sys_error(errno);
  const int status = socket.type == UV_NAMED_PIPE
                         ? uv_pipe_open(reinterpret_cast<uv_pipe_t*>(&socket), duplicate)
                         : uv_tcp_open(reinterpret_cast<uv_tcp_t*>(&socket), duplicate);
  if (status < 0) ::close(duplicate);
  return status;
}

}  // namespace throttle::uv
