// The variables and the socket of systemd; systemd is a socket of the test.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/app/notifier.h"
#include "libthrottle/app/service_environment.h"

namespace throttle::app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class Systemd {
 public:
  explicit Systemd(const NotifyAddress& where) : socket_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    where.path.copy(&address.sun_path[where.is_abstract ? 1 : 0], where.path.size());
    const std::size_t length = offsetof(sockaddr_un, sun_path) + where.path.size() + 1;
    EXPECT_EQ(
        bind(socket_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length)),
        0);
  }
  ~Systemd() { close(socket_); }
  std::string receive() const {
    std::array<char, 4096> text{};
    const ssize_t bytes = recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), bytes < 0 ? 0 : static_cast<std::size_t>(bytes)};
  }

 private:
  int socket_;
};

TEST(Notifier, SendsToAPathAndToAnAbstractName) {
  const std::string name = "throttle-notify-" + std::to_string(getpid());
  for (const NotifyAddress& address :
       {NotifyAddress{::testing::TempDir() + name, false}, NotifyAddress{name, true}}) {
    const Systemd systemd(address);
    Notifier notifier(address);
    notifier.send("READY=1\n");
    EXPECT_EQ(systemd.receive(), "READY=1\n");
    if (!address.is_abstract) std::filesystem::remove(address.path);
  }
}

TEST(Notifier, KeepsWhatTheQueueHasNoRoomForAndLosesNoKey) {
  const NotifyAddress address{"throttle-full-" + std::to_string(getpid()), true};
  const Systemd systemd(address);
  Notifier notifier(address);
  constexpr int kMoreThanAnyQueue = 10'000;
  for (int i = 0; i < kMoreThanAnyQueue; ++i)
    notifier.send("STATUS=" + std::to_string(i) + "\n");
  notifier.send("STOPPING=1\n");
  notifier.send("STATUS=last\n");
  while (systemd.receive() != "")
    continue;
  notifier.retry();
  EXPECT_EQ(systemd.receive(), "STOPPING=1\nSTATUS=last\n");
  notifier.retry();
  EXPECT_EQ(systemd.receive(), "");
}

TEST(Notifier, NobodyThereIsNoFailure) {
  Notifier notifier({"throttle-nobody-" + std::to_string(getpid()), true});
  notifier.send("READY=1\n");
  notifier.retry();
}

class ServiceEnvironmentTest : public ::testing::Test {
 protected:
  ~ServiceEnvironmentTest() override {
    for (const char* name : kNames)
      unsetenv(name);
  }
  static constexpr std::array<const char*, 6> kNames = {"NOTIFY_SOCKET", "WATCHDOG_USEC",
                                                        "WATCHDOG_PID",  "LISTEN_PID",
                                                        "LISTEN_FDS",    "LISTEN_FDNAMES"};
};

TEST_F(ServiceEnvironmentTest, IsTakenOutSoThatCommandsDoNotInheritIt) {
  const std::string pid = std::to_string(getpid());
  setenv("NOTIFY_SOCKET", "/run/notify", 1);
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", pid.c_str(), 1);
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "3", 1);
  setenv("LISTEN_FDNAMES", "a:b:c", 1);
  const auto environment = take_service_environment();
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->notify_socket, "/run/notify");
  EXPECT_EQ(environment->watchdog, 15s);
  EXPECT_TRUE(environment->listeners.empty());  // meant for another process
  for (const char* name : kNames)
    EXPECT_EQ(std::getenv(name), nullptr) << name;
}

// Puts `make` on descriptor 3, which belongs to something else in a test.
template <typename Make>
Result<ServiceEnvironment> with_descriptor_three(Make make) {
  const int saved = fcntl(kFirstInherited, F_DUPFD_CLOEXEC, 100);
  const int made = make();
  if (made != kFirstInherited) {
    dup2(made, kFirstInherited);
    close(made);
  }
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_FDNAMES", "http", 1);
  auto environment = take_service_environment();
  if (environment) {
    EXPECT_EQ(fcntl(kFirstInherited, F_GETFD), FD_CLOEXEC);
  }
  if (saved >= 0) {
    dup2(saved, kFirstInherited);
    close(saved);
  } else {
    close(kFirstInherited);
  }
  return environment;
}

TEST_F(ServiceEnvironmentTest, TakesAListeningSocket) {
  const auto environment = with_descriptor_three([] {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(listen(listener, 1), 0);
    return listener;
  });
  ASSERT_TRUE(environment) << environment.error().message;
  EXPECT_THAT(environment->listeners, ElementsAre(Pair("http", ElementsAre(kFirstInherited))));
}

TEST_F(ServiceEnvironmentTest, ASocketThatDoesNotListenIsAMistake) {
  const auto datagrams = with_descriptor_three([] { return socket(AF_INET, SOCK_DGRAM, 0); });
  ASSERT_FALSE(datagrams);
  EXPECT_THAT(datagrams.error().message, HasSubstr("\"http\" is no listening stream socket"));
  EXPECT_FALSE(with_descriptor_three([] { return socket(AF_INET, SOCK_STREAM, 0); }));
  EXPECT_FALSE(with_descriptor_three([] { return open("/dev/null", O_RDONLY); }));
}

}  // namespace
}  // namespace throttle::app
