// There is no journal on Windows.
#include "libthrottle/telemetry/journal_stream.h"

namespace throttle::telemetry {

bool is_journal_stream(const char*, int) noexcept {
  return false;
}

}  // namespace throttle::telemetry
