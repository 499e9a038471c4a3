// Terminals and pagers of Unix.
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

#include "libthrottle/inspect/system.h"

namespace throttle::inspect {

namespace {

class PagerPipe final : public Pipe {
 public:
  explicit PagerPipe(std::FILE* file) : file_(file) {}
  ~PagerPipe() override { pclose(file_); }
  PagerPipe(const PagerPipe&) = delete;
  PagerPipe& operator=(const PagerPipe&) = delete;
  bool write(std::string_view text) override {
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size();
  }

 private:
  std::FILE* file_;
};

}  // namespace

bool is_terminal(Stream stream) {
  return isatty(stream == Stream::kIn ? STDIN_FILENO : STDOUT_FILENO) != 0;
}

TerminalSize terminal_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row};
}

bool prepare_terminal() {
  const std::string kind = environment("TERM");
  return !kind.empty() && kind != "dumb";
}

std::int64_t wall_clock_us() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_usec;
}

std::tm local_calendar(std::time_t seconds) {
  std::tm calendar{};
  localtime_r(&seconds, &calendar);
  return calendar;
}

std::string user_at_host() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string user = environment("USER");
  if (user.empty()) user = std::to_string(getuid());
  return user + '@' + host.data();
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<void> create_private_file(const std::string& path) {
  constexpr mode_t kMode = 0640;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode);
  if (file >= 0) {
    close(file);
    return {};
  }
  if (errno == EEXIST) return fail(ErrorCode::kInUse, path + " exists.");
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::kUnavailable, path + " cannot be created: " + reason + '.');
}

bool sync_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = fsync(file) == 0;
  close(file);
  return done;
}

std::unique_ptr<Pipe> Pipe::open(const std::string& command) {
  // PAGER is a command line of the user's own. NOLINTNEXTLINE(cert-env33-c)
  std::FILE* const file = popen(command.c_str(), "w");
  if (file == nullptr) return nullptr;
  return std::make_unique<PagerPipe>(file);
}

}  // namespace throttle::inspect
