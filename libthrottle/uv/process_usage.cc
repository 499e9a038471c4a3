// libuv asks the system.
#include "libthrottle/uv/process_usage.h"

#include <chrono>

#include <uv.h>

namespace throttle::uv {
namespace {

Duration length_of(const uv_timeval_t& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

ProcessUsage process_usage() noexcept {
  ProcessUsage usage;
  std::size_t resident = 0;
  if (uv_resident_set_memory(&resident) == 0) usage.resident_bytes = resident;
  uv_rusage_t used{};
  if (uv_getrusage(&used) == 0) usage.cpu = length_of(used.ru_utime) + length_of(used.ru_stime);
  return usage;
}

}  // namespace throttle::uv
