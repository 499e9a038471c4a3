// The kernel's record of a TCP connection, for the .cc files of this room on Linux. A file of its
// own reads it, because the headers of the kernel and of the C library exclude each other.
// Threads: any.
#pragma once

#include <optional>

#include "libthrottle/uv/delivery.h"

namespace throttle::uv {

// Nothing if the descriptor is no TCP socket.
std::optional<Delivery> read_tcp_record(int descriptor) noexcept;

}  // namespace throttle::uv
