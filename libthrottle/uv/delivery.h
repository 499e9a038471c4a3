// What has become of the bytes that the system was handed for a TCP connection.
//
// Threads: values only.
#pragma once

#include <cstdint>
#include <optional>

#include "libthrottle/core/time.h"

namespace throttle::uv {

// As the other side's system has said.
struct Delivery {
  bool is_complete = false;  // all of them are acknowledged
  bool has_room = false;     // the other side takes more; if not, its program does not read
  std::uint64_t acknowledged_bytes = 0;
  Duration since_last_word{};  // since it last acknowledged anything, or repeated itself
};

}  // namespace throttle::uv
