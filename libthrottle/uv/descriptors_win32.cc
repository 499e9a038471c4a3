#include "libthrottle/uv/descriptors.h"

namespace throttle::uv {
namespace {

// Sockets are kernel handles, of which Windows gives a process 2^24; memory ends first.
constexpr std::size_t kHandles = 16'777'216;

}  // namespace

std::size_t raise_descriptor_limit() noexcept {
  return kHandles;
}

std::size_t descriptor_limit() noexcept {
  return kHandles;
}

}  // namespace throttle::uv
