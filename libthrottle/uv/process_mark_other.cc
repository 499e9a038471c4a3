#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {

std::string new_mark() {
  return {};
}

void kill_marked(const std::string&) noexcept {}

}  // namespace throttle::uv
