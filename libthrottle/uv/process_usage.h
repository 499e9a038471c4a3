// What this process uses of the machine: memory, processor and descriptors.
// Threads: any.
#pragma once

#include <cstddef>
#include <optional>

#include "libthrottle/core/time.h"

namespace throttle::uv {

// What the system does not say is empty.
struct ProcessUsage {
  std::optional<std::size_t> resident_bytes = {};
  std::optional<Duration> cpu = {};  // of all threads, in user and in kernel mode
};
ProcessUsage process_usage() noexcept;

}  // namespace throttle::uv
