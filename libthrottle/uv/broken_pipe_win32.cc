#include "libthrottle/uv/broken_pipe.h"

namespace throttle::uv {

void ignore_broken_pipes() noexcept {}

}  // namespace throttle::uv
