// Unix: the system keeps the path in an address of a fixed size.
#include <sys/un.h>

#include "libthrottle/config/unix_place.h"

namespace throttle::config {

std::string complaint_of_unix_path(std::string_view path) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() <= kMost) return {};
  return "the path has " + std::to_string(path.size()) + " bytes, and this system takes " +
         std::to_string(kMost) + " at most; choose a shorter one";
}

}  // namespace throttle::config
