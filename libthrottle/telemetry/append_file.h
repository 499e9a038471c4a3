// A file that lines are appended to; the system's part is in append_file_posix.cc and
// append_file_win32.cc.
//
// Other programs may read, move and delete it meanwhile, on Windows as well.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle::telemetry {

class AppendFile {
 public:
  AppendFile() = default;  // closed
  // Made where it is missing, readable for its owner and group. `path` is UTF-8. Errors:
  // kUnavailable, with the path.
  static Result<AppendFile> open(const std::string& path);
  ~AppendFile() { close(); }
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;

  bool is_open() const { return handle_ != kClosed; }
  // Bytes in it.
  std::uint64_t size() const { return size_; }
  // False if not all of it could be written.
  bool write(std::string_view text) noexcept;
  void close() noexcept;

 private:
  static constexpr std::intptr_t kClosed = -1;
  std::intptr_t handle_ = kClosed;
  std::uint64_t size_ = 0;
};

// Moves a file over another one, which may be there. Errors: kNotFound, or kUnavailable with the
// path and the reason of the system.
Result<void> move_file(const std::string& from, const std::string& to);
Result<void> remove_file(const std::string& path);

}  // namespace throttle::telemetry
