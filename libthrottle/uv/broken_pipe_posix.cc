#include <csignal>

#include "libthrottle/uv/broken_pipe.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace throttle::uv
