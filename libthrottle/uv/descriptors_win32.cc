// Windows: there is no limit to raise.
#include <windows.h>

#include "libthrottle/uv/descriptors.h"

namespace throttle::uv {
namespace {

// Sockets are kernel handles, of which Windows gives a process 2^24; memory ends first.
constexpr std::size_t kHandles = 16'777'216;

}  // namespace

// Without a console the standard streams are no handles, and nothing else takes their place.
Result<void> occupy_standard_descriptors() {
  return {};
}

std::size_t raise_descriptor_limit() noexcept {
  return kHandles;
}

std::size_t descriptor_limit() noexcept {
  return kHandles;
}

std::size_t descriptor_limit_at_start() noexcept {
  return kHandles;
}

std::optional<std::size_t> open_descriptors() noexcept {
  DWORD handles = 0;
  if (GetProcessHandleCount(GetCurrentProcess(), &handles) == 0) return std::nullopt;
  return handles;
}

}  // namespace throttle::uv
