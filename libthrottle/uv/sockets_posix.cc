// Unix: how sockets behave.
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
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
bool shut_down_at_once(const uv_tcp_t& socket) noexcept {
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(&socket), &descriptor) == 0) {
    ::shutdown(descriptor, SHUT_WR);
  }
  return true;
}

int duplicate_socket(const uv_tcp_t& socket, uv_os_sock_t& duplicate) noexcept {
  uv_os_fd_t descriptor = -1;
  const int status = uv_fileno(reinterpret_cast<const uv_handle_t*>(&socket), &descriptor);
  if (status < 0) return status;
  duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return duplicate < 0 ? uv_translate_sys_error(errno) : 0;
}

void close_socket(uv_os_sock_t socket) noexcept {
  ::close(socket);
}

std::optional<SocketAddress> local_address_of(int descriptor) noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(descriptor, address, &length) != 0) return std::nullopt;
  return from_sockaddr(address);
}

int open_duplicate(uv_tcp_t& socket, int descriptor) noexcept {
  const int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return uv_translate_sys_error(errno);
  const int status = uv_tcp_open(&socket, duplicate);
  if (status < 0) ::close(duplicate);
  return status;
}

}  // namespace throttle::uv
