// What needs more of the system than the other tests of the dialer do: an address that is silent,
// and a process without descriptors.
#include <chrono>
#include <fcntl.h>
#include <netinet/in.h>
#include <optional>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/proxy/dialer.h"
#include "libthrottle/uv/clock.h"
#include "tests/uv/name_server.h"
#include "tests/uv/run_guard.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::proxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using namespace std::chrono_literals;

// A port of the loopback that answers nobody: its queue of connections is full.
class SilentPort {
 public:
  SilentPort() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = open_socket();
    auto* name = reinterpret_cast<sockaddr*>(&address_);
    socklen_t size = sizeof address_;
    EXPECT_EQ(bind(listener, name, size), 0);
    EXPECT_EQ(listen(listener, 0), 0);
    EXPECT_EQ(getsockname(listener, name, &size), 0);
    for (int i = 0; i < 4; ++i)
      static_cast<void>(connect(open_socket(), name, size));  // under way, or for ever
  }
  ~SilentPort() {
    for (const int each : sockets_)
      close(each);
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  SocketAddress address() const {
    return {IpAddress::from_v4({127, 0, 0, 1}), ntohs(address_.sin_port)};
  }

 private:
  int open_socket() {
    const int opened = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_GE(opened, 0);
    fcntl(opened, F_SETFL, O_NONBLOCK);
    sockets_.push_back(opened);
    return opened;
  }

  sockaddr_in address_{};
  std::vector<int> sockets_;
};

// Leaves the process no descriptor to open while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

class DialerPosixTest : public testing::Test {
 protected:
  void dial(Duration timeout) {
    dialer.emplace(*upstream, timeout, uv::bound<&DialerPosixTest::on_done>(this));
  }
  void on_done(Result<uv::TcpStream> told) {
    result.emplace(std::move(told));
    loop.stop();
  }
  void finish() {
    while (!result && !HasFailure())
      uv::run_until_stopped(loop);
    ASSERT_TRUE(result);
  }

  uv::Loop loop;
  uv::ListeningEnd acceptor{loop};
  std::optional<Upstream> upstream;
  std::optional<Dialer> dialer;
  std::optional<Result<uv::TcpStream>> result;
};

TEST_F(DialerPosixTest, ASilentAddressLeavesTimeForTheOthers) {
  const SilentPort silent;
  const HostPort both{"both", 1};
  upstream.emplace(loop, both, uv::Addresses{silent.address(), acceptor.listener->local_address()});
  dial(2s);
  finish();
  EXPECT_TRUE(*result) << result->error().message;
  EXPECT_EQ(dialer->attempts(), 2U);
}

TEST_F(DialerPosixTest, SaysThatNobodyAnswered) {
  const SilentPort silent;
  upstream.emplace(loop, HostPort{"127.0.0.1", silent.address().port});
  dial(100ms);
  finish();
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(result->error().message, HasSubstr(": no answer (1 attempt in 100ms)"));
}

// All of 127.0.0.0/8 is the loopback, so a host can move from one of its addresses to another.
TEST_F(DialerPosixTest, FollowsAHostThatMovedAwayFromAnAddressThatIsSilentNow) {
  const SilentPort silent;
  const std::uint16_t port = silent.address().port;
  const SocketAddress moved_to{IpAddress::from_v4({127, 0, 0, 2}), port};
  const uv::ListeningEnd host(loop, moved_to);
  uv::NameServer names(loop);
  names.set("office.test", {silent.address().ip}, 3600);
  upstream.emplace(loop, HostPort{"office.test", port});
  dial(30s);
  while (dialer->attempts() == 0)
    uv::run_briefly(loop, 1ms);
  names.set("office.test", {moved_to.ip}, 3600);
  finish();
  ASSERT_TRUE(*result) << result->error().message;
  EXPECT_EQ((*result)->peer_address(), moved_to);
  EXPECT_EQ(names.questions, 2);
}

TEST_F(DialerPosixTest, WaitsForADescriptor) {
  upstream.emplace(loop, HostPort{"127.0.0.1", acceptor.listener->local_address().port});
  std::optional<NoDescriptors> none(std::in_place);
  dial(1min);
  EXPECT_EQ(dialer->attempts(), 1U);
  uv::run_briefly(loop, 100ms);
  EXPECT_FALSE(result);
  EXPECT_GE(dialer->attempts(), 2U);
  none.reset();
  finish();
  EXPECT_TRUE(*result) << result->error().message;
}

TEST_F(DialerPosixTest, SaysThatThereWereNoDescriptors) {
  upstream.emplace(loop, HostPort{"127.0.0.1", acceptor.listener->local_address().port});
  const NoDescriptors none;
  dial(60ms);
  finish();
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code, ErrorCode::kExhausted);
  EXPECT_THAT(result->error().message, HasSubstr(": too many open files ("));
  EXPECT_THAT(result->error().message, EndsWith(" in 60ms)"));
}

}  // namespace
}  // namespace throttle::proxy
