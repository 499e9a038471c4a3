// Windows: what libuv has there are named pipes, which are something else.
#include "libthrottle/config/unix_place.h"

namespace throttle::config {

std::string complaint_of_unix_path(std::string_view) {
  return "there are none on Windows; write a TCP port";
}

}  // namespace throttle::config
