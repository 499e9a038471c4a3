// Windows: how sockets behave.
#include <algorithm>

#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {}

// By default libuv has 32 accepts under way, and stacks those that have ended.
void accept_in_order(uv_tcp_t& socket) noexcept {
  uv_tcp_simultaneous_accepts(&socket, 0);
}

int system_backlog(int backlog) noexcept {
  return -std::clamp(backlog, 1, 65'535);
}

bool connections_inherit_options() noexcept {
  return false;
}

bool shut_down_at_once(const uv_stream_t&) noexcept {
  return false;
}

int duplicate_socket(const uv_stream_t& stream, uv_os_sock_t& duplicate) noexcept {
  const auto& socket = reinterpret_cast<const uv_tcp_t&>(stream);
  WSAPROTOCOL_INFOW protocol{};
  if (WSADuplicateSocketW(socket.socket, GetCurrentProcessId(), &protocol) != 0)
    return uv_translate_sys_error(WSAGetLastError());
  duplicate = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &protocol, 0,
                         WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  return duplicate == INVALID_SOCKET ? uv_translate_sys_error(WSAGetLastError()) : 0;
}

void close_socket(uv_os_sock_t socket) noexcept {
  closesocket(socket);
}

std::optional<Endpoint> local_endpoint_of(int) {
  return std::nullopt;
}

int open_duplicate(uv_stream_t&, int) noexcept {
  return UV_ENOTSUP;
}

}  // namespace throttle::uv
