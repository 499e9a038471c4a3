// The daemon is a socket of the test.
#include <array>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/telemetry/journal_stream.h"
#include "libthrottle/telemetry/syslog_sink.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;

class Daemon {
 public:
  explicit Daemon(const std::string& path) : socket_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    std::filesystem::remove(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Daemon() { close(socket_); }
  std::string receive() const {
    std::array<char, 16384> text{};
    const ssize_t bytes = recv(socket_, text.data(), text.size(), 0);
    return {text.data(), bytes < 0 ? 0 : static_cast<std::size_t>(bytes)};
  }

 private:
  int socket_;
};

class SyslogSinkTest : public ::testing::Test {
 protected:
  ~SyslogSinkTest() override { std::filesystem::remove(path_); }
  const std::string path_ = ::testing::TempDir() + "syslog." + std::to_string(getpid());
};

TEST_F(SyslogSinkTest, WritesPriorityTagAndLine) {
  const Daemon daemon(path_);
  SyslogSink sink({.tag = "throttle", .socket = path_, .farewell = 60s});
  sink.accept({.level = Level::kWarn, .target = "app", .message = "hello"});
  EXPECT_THAT(daemon.receive(),
              ContainsRegex("^<28>[A-Z][a-z][a-z] [ 0-9]*:[0-9]*:[0-9]* throttle\\[" +
                            std::to_string(getpid()) + "\\]: app: hello$"));
}

TEST_F(SyslogSinkTest, FindsADaemonThatWasRestarted) {
  SyslogSink sink({.socket = path_, .farewell = 60s});
  auto daemon = std::make_unique<Daemon>(path_);
  sink.accept({.target = "app", .message = "first"});
  EXPECT_THAT(daemon->receive(), ContainsRegex("first$"));
  daemon.reset();
  daemon = std::make_unique<Daemon>(path_);
  sink.accept({.target = "app", .message = "second"});
  EXPECT_THAT(daemon->receive(), ContainsRegex("second$"));
  EXPECT_EQ(sink.lost(), 0U);
}

TEST_F(SyslogSinkTest, CountsWhatNoDaemonTakes) {
  SyslogSink sink({.socket = path_, .farewell = 60s});
  sink.accept({.target = "app", .message = "nobody"});
  while (sink.lost() == 0)
    std::this_thread::yield();
  const Daemon daemon(path_);
  sink.accept({.target = "app", .message = "somebody"});
  EXPECT_THAT(daemon.receive(), ContainsRegex("somebody$"));
}

TEST(JournalStream, IsRecognisedByItsDeviceAndInode) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  struct stat status {};
  ASSERT_EQ(fstat(ends[1], &status), 0);
  const std::string variable = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  EXPECT_TRUE(is_journal_stream(variable.c_str(), ends[1]));
  EXPECT_FALSE(is_journal_stream((variable + "1").c_str(), ends[1]));
  EXPECT_FALSE(is_journal_stream(nullptr, ends[1]));
  close(ends[0]);
  close(ends[1]);
  EXPECT_FALSE(is_journal_stream(variable.c_str(), ends[1]));
}

}  // namespace
}  // namespace throttle::telemetry
