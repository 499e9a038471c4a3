// A server on plain libuv in which one client address may have two connections at a time; further
// ones are closed at once. It sends back what it receives. All that it needs of throttle are the
// lines with `limiter` and `permit`.
//
//   two-for-each PORT
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <uv.h>

#include "libthrottle/core/connection_limiter.h"

using throttle::ConnectionLimiter;
using throttle::IpAddress;

namespace {

ConnectionLimiter limiter({.max_per_client = 2});

struct Connection {
  uv_tcp_t tcp{};
  std::optional<ConnectionLimiter::Permit> permit;  // given back with the connection
  char buffer[4096] = {};
};

template <typename Handle>
Connection& connection_of(Handle* handle) {
  return *static_cast<Connection*>(handle->data);
}

void close(Connection& connection) {
  uv_close(reinterpret_cast<uv_handle_t*>(&connection.tcp),
           [](uv_handle_t* handle) { delete &connection_of(handle); });
}

IpAddress address_of(const uv_tcp_t& tcp) {
  sockaddr_storage address{};
  int size = sizeof(address);
  char text[64] = {};
  uv_tcp_getpeername(&tcp, reinterpret_cast<sockaddr*>(&address), &size);
  uv_ip_name(reinterpret_cast<sockaddr*>(&address), text, sizeof(text));
  return IpAddress::parse(text).value_or(IpAddress());
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  if (size < 0) return close(connection_of(stream));
  const uv_buf_t echo = uv_buf_init(buffer->base, static_cast<unsigned>(size));
  uv_try_write(stream, &echo, 1);
}

void on_connection(uv_stream_t* server, int status) {
  if (status < 0) return;
  auto* connection = new Connection;
  auto* stream = reinterpret_cast<uv_stream_t*>(&connection->tcp);
  uv_tcp_init(server->loop, &connection->tcp);
  stream->data = connection;
  uv_accept(server, stream);

  connection->permit = limiter.accept(address_of(connection->tcp));
  if (!connection->permit) return close(*connection);
  uv_read_start(
      stream,
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        Connection& reader = connection_of(handle);
        *buffer = uv_buf_init(reader.buffer, sizeof(reader.buffer));
      },
      on_read);
}

}  // namespace

int main(int argc, char** argv) {
  uv_tcp_t server{};
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", argc == 2 ? std::atoi(argv[1]) : 7000, &address);
  uv_tcp_init(uv_default_loop(), &server);
  uv_tcp_bind(&server, reinterpret_cast<sockaddr*>(&address), 0);
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&server), 128, on_connection) < 0) return 1;
  int size = sizeof(address);
  uv_tcp_getsockname(&server, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
