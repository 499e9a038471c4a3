// Windows: the type of the drive that a path is on.
#include <array>
#include <filesystem>
#include <windows.h>

#include "libthrottle/journal/volume.h"

namespace throttle::journal {

bool is_on_network(const std::string& path) noexcept {
  std::array<wchar_t, MAX_PATH + 1> root{};
  std::error_code error;
  const auto whole = std::filesystem::absolute(
      std::filesystem::path(std::u8string(path.begin(), path.end())), error);
  if (error) return false;
  if (!GetVolumePathNameW(whole.c_str(), root.data(), static_cast<DWORD>(root.size())))
    return false;
  return GetDriveTypeW(root.data()) == DRIVE_REMOTE;
}

}  // namespace throttle::journal
