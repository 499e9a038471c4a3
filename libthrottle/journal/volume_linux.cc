// Linux: statfs() names the file system's type.
#include <cstdint>
#include <filesystem>
#include <sys/vfs.h>

#include "libthrottle/journal/volume.h"

namespace throttle::journal {

bool is_on_network(const std::string& path) noexcept {
  // Magic numbers of linux/magic.h and of file systems that keep theirs to themselves.
  constexpr std::uint32_t kTypes[] = {
      0x6969,      // NFS
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB2
      0x517B,      // SMB
      0x564C,      // NCP
      0x01021997,  // 9P
      0x5346414F,  // AFS
      0x6B414653,  // kAFS
      0x73757245,  // Coda
      0x00C36400,  // Ceph
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x01161970,  // GFS2
      0x7461636F,  // OCFS2
  };
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct statfs status {};
  if (statfs(folder.c_str(), &status) != 0) return false;
  for (const std::uint32_t type : kTypes) {
    if (static_cast<std::uint32_t>(status.f_type) == type) return true;
  }
  return false;
}

}  // namespace throttle::journal
