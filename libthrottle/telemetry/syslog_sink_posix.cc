// Speaks with the daemon's datagram socket itself: syslog(3) has one connection for the whole
// process, and no way to say which lines were lost.
#include <array>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/telemetry/log_line.h"
#include "libthrottle/telemetry/log_text.h"
#include "libthrottle/telemetry/syslog_sink.h"

namespace throttle::telemetry {

namespace {

constexpr int kFacilityDaemon = 3 << 3;

class SyslogSocket final : public LineWriter {
 public:
  explicit SyslogSocket(std::string path) : path_(std::move(path)) {
    THROTTLE_CHECK(path_.size() < sizeof(sockaddr_un::sun_path));
  }
  ~SyslogSocket() override { close(); }

  bool write(std::string_view line) noexcept override {
    if (!connect()) return false;
    if (send(descriptor_, line.data(), line.size(), 0) >= 0) return true;
    close();  // the daemon was restarted: its new socket may be there already
    if (!connect()) return false;
    return send(descriptor_, line.data(), line.size(), 0) >= 0;
  }

  void reopen() noexcept override { close(); }

 private:
  bool connect() noexcept {
    if (descriptor_ >= 0) return true;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) return false;
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(descriptor_, generic, sizeof(address)) == 0) return true;
    close();
    return false;
  }

  void close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  std::string path_;
  int descriptor_ = -1;
};

// "Jul  6 10:30:30", in local time, as syslog wants it.
std::string timestamp(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  const std::size_t bytes = std::strftime(text.data(), text.size(), "%b %e %H:%M:%S", &local);
  return {text.data(), bytes};
}

}  // namespace

SyslogSink::SyslogSink(const Options& options)
    : tag_(options.tag + '[' + std::to_string(getpid()) + "]: "),
      thread_(std::make_unique<SyslogSocket>(options.socket), options.farewell) {}

void SyslogSink::accept(const Record& record) noexcept {
  const int priority = kFacilityDaemon + syslog_priority(record.level);
  std::string line = '<' + std::to_string(priority) + '>' + timestamp(record.time) + ' ' + tag_;
  line.append(record.target).append(": ").append(to_text(record, kLineTextBytes));
  thread_.post(std::move(line));
}

}  // namespace throttle::telemetry
