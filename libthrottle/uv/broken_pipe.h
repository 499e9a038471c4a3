// Lets a write to a connection that is gone be an error and not the end of the process. Threads:
// any.
#pragma once

namespace throttle::uv {

// Has the whole process ignore SIGPIPE, where there is such a signal; children start with it in
// force. libuv leaves that to the program.
void ignore_broken_pipes() noexcept;

}  // namespace throttle::uv
