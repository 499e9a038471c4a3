// daemon(7), new style where it costs nothing: the process that the user has started reports the
// outcome, so that an init script knows whether the daemon serves.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/telemetry/line_output.h"
#include "libthrottle/uv/descriptors.h"
#include "service/daemon.h"

namespace throttle::service {

namespace {

tl::unexpected<Error> failed(const std::string& what) {
  return fail(ErrorCode::kUnavailable, what + ": " + std::generic_category().message(errno));
}

// The first process: what comes through the pipe is one byte, the exit code, and then the message.
[[noreturn]] void wait_for_daemon(int pipe) {
  std::string text;
  std::array<char, 4096> part{};
  while (true) {
    const ssize_t bytes = read(pipe, part.data(), part.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(bytes));
  }
  if (text.empty()) {
    std::fputs("throttle-service: the daemon ended before it could serve\n", stderr);
    _exit(EXIT_FAILURE);
  }
  if (text.size() > 1) std::fprintf(stderr, "%s\n", text.c_str() + 1);
  _exit(static_cast<unsigned char>(text.front()));
}

void redirect_to_null(std::initializer_list<int> descriptors) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (const int descriptor : descriptors)
    dup2(null, descriptor);
  if (null > STDERR_FILENO) close(null);
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Result<Background> Background::enter() {
  // Otherwise the pipe may take a number that /dev/null gets.
  if (const auto open = uv::occupy_standard_descriptors(); !open)
    return tl::unexpected(open.error());
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return failed("cannot make a pipe");
  const pid_t first = fork();
  if (first < 0) return failed("cannot fork");
  if (first > 0) {
    close(ends[1]);
    wait_for_daemon(ends[0]);
  }
  close(ends[0]);
  setsid();
  // Not the leader of its session any more, so that no terminal it opens can become its own.
  const pid_t second = fork();
  if (second < 0) return failed("cannot fork");
  if (second > 0) _exit(EXIT_SUCCESS);
  umask(027);
  if (chdir("/") != 0) return failed("cannot go to /");
  redirect_to_null({STDIN_FILENO, STDOUT_FILENO});
  return Background(ends[1]);
}

Background::Background(Background&& other) noexcept : pipe_(std::exchange(other.pipe_, -1)) {}

Background::~Background() {
  if (pipe_ >= 0) close(pipe_);
}

void Background::finish(int exit_code, const std::string& message) {
  THROTTLE_CHECK(pipe_ >= 0);
  THROTTLE_CHECK(exit_code >= 0 && exit_code <= 255);
  std::string text(1, static_cast<char>(exit_code));
  text += message;
  redirect_to_null({STDERR_FILENO});
  telemetry::write_all(pipe_, text);
  close(std::exchange(pipe_, -1));
}

Result<PidFile> PidFile::write(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) return failed("cannot write the pid file " + path);
  PidFile file(path, descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const bool in_use = errno == EWOULDBLOCK;
    file.descriptor_ = -1;  // it is another process's: neither removed nor emptied
    close(descriptor);
    if (!in_use) return failed("cannot lock the pid file " + path);
    return fail(ErrorCode::kInUse, "a running process holds the pid file " + path);
  }
  const std::string text = std::to_string(getpid()) + '\n';
  if (ftruncate(descriptor, 0) != 0 || !telemetry::write_all(descriptor, text))
    return failed("cannot write the pid file " + path);
  return file;
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PidFile::~PidFile() {
  if (descriptor_ < 0) return;
  if (unlink(path_.c_str()) != 0 && ftruncate(descriptor_, 0) != 0) errno = 0;
  close(descriptor_);
}

Result<UserIds> look_up_user(const UserAndGroup& wanted) {
  if (geteuid() != 0)
    return fail(ErrorCode::kUnavailable, "--user: only root can become another user");
  const std::string passwd = read_file("/etc/passwd");
  const std::string group = read_file("/etc/group");
  return find_user(wanted, {.passwd = passwd, .group = group});
}

Result<void> become(const UserIds& ids) {
  const std::vector<gid_t> groups(ids.groups.begin(), ids.groups.end());
  const std::string who = ids.name.empty() ? std::to_string(ids.user) : ids.name;
  if (setgroups(groups.size(), groups.data()) != 0 || setgid(ids.group) != 0 ||
      setuid(ids.user) != 0) {
    return failed("cannot become the user " + who);
  }
  if (ids.user != 0 && (setuid(0) == 0 || seteuid(0) == 0))
    return fail(ErrorCode::kUnavailable, "root's rights came back after becoming " + who);
  return {};
}

Result<void> do_as(const UserIds& ids, const std::function<void()>& action) {
  std::vector<gid_t> before(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  if (getgroups(static_cast<int>(before.size()), before.data()) < 0)
    return failed("cannot read the groups of this process");
  const gid_t group = getegid();
  const uid_t user = geteuid();
  const std::vector<gid_t> groups(ids.groups.begin(), ids.groups.end());
  const bool became = setgroups(groups.size(), groups.data()) == 0 && setegid(ids.group) == 0 &&
                      seteuid(ids.user) == 0;
  const Error error{ErrorCode::kUnavailable,
                    "cannot open a file as the user " + std::to_string(ids.user)};
  if (became) action();
  const bool is_back =
      seteuid(user) == 0 && setegid(group) == 0 && setgroups(before.size(), before.data()) == 0;
  if (became && is_back) return {};
  return tl::unexpected(error);
}

}  // namespace throttle::service
