// sd_journal_stream_fd(3) says how a process finds out.
#include <string>
#include <sys/stat.h>

#include "libthrottle/telemetry/journal_stream.h"

namespace throttle::telemetry {

bool is_journal_stream(const char* variable, int descriptor) noexcept {
  struct stat status {};
  if (variable == nullptr || fstat(descriptor, &status) != 0) return false;
  return variable == std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
}

}  // namespace throttle::telemetry
