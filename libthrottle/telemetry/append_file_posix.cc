// O_APPEND, so that two processes that write one file by mistake do not overwrite each other.
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "libthrottle/telemetry/append_file.h"
#include "libthrottle/telemetry/line_output.h"

namespace throttle::telemetry {

namespace {

tl::unexpected<Error> refused(const std::string& what) {
  const int why = errno;
  return fail(why == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
              what + ": " + std::generic_category().message(why));
}

}  // namespace

Result<AppendFile> AppendFile::open(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
  if (descriptor < 0) {
    return fail(ErrorCode::kUnavailable,
                path + ": cannot be written: " + std::generic_category().message(errno));
  }
  struct stat status {};
  AppendFile file;
  file.handle_ = descriptor;
  if (fstat(descriptor, &status) == 0) file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

bool AppendFile::write(std::string_view text) noexcept {
  if (!is_open() || !write_all(static_cast<int>(handle_), text)) return false;
  size_ += text.size();
  return true;
}

void AppendFile::close() noexcept {
  if (is_open()) ::close(static_cast<int>(std::exchange(handle_, kClosed)));
  size_ = 0;
}

Result<void> move_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return {};
  return refused(from + ": cannot be moved to " + to);
}

Result<void> remove_file(const std::string& path) {
  if (unlink(path.c_str()) == 0) return {};
  return refused(path + ": cannot be removed");
}

}  // namespace throttle::telemetry
