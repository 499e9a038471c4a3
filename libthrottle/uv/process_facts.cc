// Asks libuv.
#include "libthrottle/uv/process_facts.h"

#include <array>
#include <cstddef>

#include <uv.h>

namespace throttle::uv {

std::string host_name() {
  std::array<char, UV_MAXHOSTNAMESIZE> name{};
  std::size_t size = name.size();
  if (uv_os_gethostname(name.data(), &size) != 0 || size == 0) return "localhost";
  return {name.data(), size};
}

std::int64_t process_id() noexcept {
  return uv_os_getpid();
}

}  // namespace throttle::uv
