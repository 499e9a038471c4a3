#include "libthrottle/core/check.h"

#include <cstdio>
#include <cstdlib>

namespace throttle {

void check_failed(const char* file, int line, const char* condition) noexcept {
  std::fprintf(stderr, "throttle: %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace throttle
