// What differs between systems in how sockets behave, for the .cc files of this room. Threads: any.
#pragma once

#include <uv.h>

namespace throttle::uv {

// Has the whole process ignore SIGPIPE, where there is such a signal, so that writing to a
// connection that is gone is an error. libuv leaves that to the program, and lets its children
// start without.
void ignore_broken_pipes() noexcept;

// Before listening: has the system announce the next connection only when the last one was taken,
// where it would announce many and hand them over in the wrong order.
void accept_in_order(uv_tcp_t& socket) noexcept;

// Whether accepted connections have TCP_NODELAY and keep-alive if the listening socket has.
bool connections_inherit_options() noexcept;

// Sends the end of data of a socket for which libuv has nothing queued, without waiting for the
// loop to come round. False where libuv has to do that.
bool shut_down_at_once(const uv_tcp_t& socket) noexcept;

}  // namespace throttle::uv
