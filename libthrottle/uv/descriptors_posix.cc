// Unix: the limit of open files of the process.
#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "libthrottle/uv/descriptors.h"

namespace throttle::uv {
namespace {

// More than one process can use; some systems have no hard limit but refuse to set none.
constexpr rlim_t kEnough = 1'048'576;

// Its entries are the open descriptors of the process that looks; on Linux a link to /proc/self/fd.
constexpr const char* kFolder = "/dev/fd";

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { closedir(folder); }
};

}  // namespace

Result<void> occupy_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest number that is free, so this one.
    if (open("/dev/null", O_RDWR) == descriptor) continue;
    const std::string why = std::generic_category().message(errno);
    return fail(ErrorCode::kUnavailable,
                "descriptor " + std::to_string(descriptor) +
                    " (of standard input, output and error) is closed, and /dev/null cannot be "
                    "opened in its place: " +
                    why + ". Start this program with all three open.");
  }
  return {};
}

std::size_t raise_descriptor_limit() noexcept {
  descriptor_limit_at_start();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnough));
    setrlimit(RLIMIT_NOFILE, &limit);  // if it fails the old one stays in force
  }
  return descriptor_limit();
}

std::size_t descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;  // the least that POSIX systems have
  return static_cast<std::size_t>(std::min(limit.rlim_cur, kEnough));
}

// The first call finds it: raise_descriptor_limit() calls before it raises the limit.
std::size_t descriptor_limit_at_start() noexcept {
  static const std::size_t kLimit = descriptor_limit();
  return kLimit;
}

// Linux says the number as the size of the folder since 6.2; before, its size is 0.
std::optional<std::size_t> open_descriptors() noexcept {
  struct stat about {};
  if (stat("/proc/self/fd", &about) == 0 && about.st_size > 0)
    return static_cast<std::size_t>(about.st_size);
  const std::unique_ptr<DIR, CloseFolder> folder(opendir(kFolder));
  if (!folder) return std::nullopt;
  std::size_t entries = 0;
  while (readdir(folder.get()) != nullptr)
    ++entries;
  constexpr std::size_t kNotCounted = 3;  // ".", ".." and the folder's own
  return entries - std::min(entries, kNotCounted);
}

}  // namespace throttle::uv
