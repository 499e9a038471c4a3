#include <algorithm>
#include <climits>
#include <io.h>

#include "libthrottle/telemetry/line_output.h"

namespace throttle::telemetry {

void shield_from_signals() noexcept {}

bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const auto most = static_cast<unsigned>(std::min<std::size_t>(text.size(), INT_MAX));
    const int written = _write(descriptor, text.data(), most);
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace throttle::telemetry
