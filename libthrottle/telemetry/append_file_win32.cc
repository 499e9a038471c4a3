// Opened so that others may read, move and delete it: an editor that shows the log, or a program
// that collects logs, must not stop the rotation.
#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <windows.h>

#include "libthrottle/telemetry/append_file.h"

namespace throttle::telemetry {

namespace {

std::filesystem::path native(const std::string& path) {
  return {std::u8string(path.begin(), path.end())};
}

tl::unexpected<Error> refused(const std::string& what) {
  const DWORD why = GetLastError();
  const bool is_missing = why == ERROR_FILE_NOT_FOUND || why == ERROR_PATH_NOT_FOUND;
  return fail(is_missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
              what + ": " + std::system_category().message(static_cast<int>(why)));
}

HANDLE handle_of(std::intptr_t number) {
  return reinterpret_cast<HANDLE>(number);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

Result<AppendFile> AppendFile::open(const std::string& path) {
  const HANDLE handle = CreateFileW(native(path).c_str(), FILE_APPEND_DATA | SYNCHRONIZE,
                                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                    OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    const auto code = static_cast<int>(GetLastError());
    return fail(ErrorCode::kUnavailable,
                path + ": cannot be written: " + std::system_category().message(code));
  }
  AppendFile file;
  file.handle_ = reinterpret_cast<std::intptr_t>(handle);
  LARGE_INTEGER size{};
  if (GetFileSizeEx(handle, &size) != 0) file.size_ = static_cast<std::uint64_t>(size.QuadPart);
  return file;
}

bool AppendFile::write(std::string_view text) noexcept {
  if (!is_open()) return false;
  while (!text.empty()) {
    constexpr std::size_t kMost = 1U << 30U;
    DWORD written = 0;
    const auto bytes = static_cast<DWORD>(std::min(text.size(), kMost));
    if (WriteFile(handle_of(handle_), text.data(), bytes, &written, nullptr) == 0) return false;
    if (written == 0) return false;
    size_ += written;
    text.remove_prefix(written);
  }
  return true;
}

void AppendFile::close() noexcept {
  if (is_open()) CloseHandle(handle_of(std::exchange(handle_, kClosed)));
  size_ = 0;
}

Result<void> move_file(const std::string& from, const std::string& to) {
  if (MoveFileExW(native(from).c_str(), native(to).c_str(), MOVEFILE_REPLACE_EXISTING) != 0)
    return {};
  return refused(from + ": cannot be moved to " + to);
}

Result<void> remove_file(const std::string& path) {
  if (DeleteFileW(native(path).c_str()) != 0) return {};
  return refused(path + ": cannot be removed");
}

}  // namespace throttle::telemetry
