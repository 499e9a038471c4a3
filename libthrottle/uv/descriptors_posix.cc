#include <algorithm>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libthrottle/uv/descriptors.h"

namespace throttle::uv {
namespace {

// More than one process can use; some systems have no hard limit but refuse to set none.
constexpr rlim_t kEnough = 1'048'576;

}  // namespace

void occupy_standard_descriptors() noexcept {
  int opened = 0;
  do {
    opened = open("/dev/null", O_RDWR);  // the lowest number that is free
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) close(opened);
}

std::size_t raise_descriptor_limit() noexcept {
  descriptor_limit_at_start();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnough));
    setrlimit(RLIMIT_NOFILE, &limit);  // if it fails the old one stays in force
  }
  return descriptor_limit();
}

std::size_t descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;  // the least that POSIX systems have
  return static_cast<std::size_t>(std::min(limit.rlim_cur, kEnough));
}

// Whoever asks first finds it: raise_descriptor_limit() does before it raises it.
std::size_t descriptor_limit_at_start() noexcept {
  static const std::size_t kLimit = descriptor_limit();
  return kLimit;
}

}  // namespace throttle::uv
