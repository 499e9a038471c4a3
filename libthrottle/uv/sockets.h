// What differs between systems in how sockets behave, for the .cc files of this room. Threads: any.
#pragma once

#include <optional>

#include <uv.h>

#include "libthrottle/core/address.h"

namespace throttle::uv {

// Has the whole process ignore SIGPIPE, where there is such a signal, so that writing to a
// connection that is gone is an error. libuv leaves that to the program, and lets its children
// start without.
void ignore_broken_pipes() noexcept;

// Before listening: has the system announce the next connection only when the last one was taken,
// where it would announce many and hand them over in the wrong order.
void accept_in_order(uv_tcp_t& socket) noexcept;

// What listen() is given for `backlog` connections that wait. Windows takes a larger number than
// 200 only in this form (SOMAXCONN_HINT).
int system_backlog(int backlog) noexcept;

// Whether accepted connections have TCP_NODELAY and keep-alive if the listening socket has.
bool connections_inherit_options() noexcept;

// Sends the end of data of a socket for which libuv has nothing queued, without waiting for the
// loop to come round. False where libuv has to do that.
bool shut_down_at_once(const uv_stream_t& socket) noexcept;

// Another socket of the same connection, which lives until both are closed; child processes do not
// inherit it. A libuv status.
int duplicate_socket(const uv_stream_t& socket, uv_os_sock_t& duplicate) noexcept;

void close_socket(uv_os_sock_t socket) noexcept;

// Where a descriptor listens that this process was started with; none on Windows, and if it is
// neither a socket of IP nor a Unix socket with a path.
std::optional<Endpoint> local_endpoint_of(int descriptor);

// Makes `socket`, a uv_tcp_t or a uv_pipe_t, a duplicate of a listening socket that this process
// was started with. A libuv status.
int open_duplicate(uv_stream_t& socket, int descriptor) noexcept;

}  // namespace throttle::uv
