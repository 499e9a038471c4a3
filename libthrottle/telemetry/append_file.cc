// What an open file is on every system: a handle with one owner, and a size.
#include "libthrottle/telemetry/append_file.h"

#include <utility>

namespace throttle::telemetry {

AppendFile::AppendFile(AppendFile&& other) noexcept
    : handle_(std::exchange(other.handle_, kClosed)), size_(std::exchange(other.size_, 0)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace throttle::telemetry
