// What happens without descriptors, where that can be brought about: POSIX.
#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <uv.h>

#include "libthrottle/uv/descriptors.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

// Takes every descriptor this process may have, under a low limit; gives them back at its end.
class Shortage {
 public:
  Shortage() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &low);
    take_all();
  }
  ~Shortage() {
    for (const int each : taken_)
      close(each);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  Shortage(const Shortage&) = delete;
  Shortage& operator=(const Shortage&) = delete;

  void take_all() {
    for (int each = open("/dev/null", O_RDONLY); each >= 0; each = open("/dev/null", O_RDONLY)) {
      taken_.push_back(each);
    }
  }
  void give_back_one() {
    close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

class DescriptorsTest : public TcpTest {
 protected:
  // A first connection shows that all is well; and the undefined-behaviour sanitizer meets the
  // objects while it can: it needs descriptors to look at them.
  void SetUp() override { make_pair(); }
};

TEST_F(DescriptorsTest, RaisesTheSoftLimitToTheHardOne) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 128;
  setrlimit(RLIMIT_NOFILE, &low);
  EXPECT_EQ(descriptor_limit(), 128U);
  EXPECT_EQ(raise_descriptor_limit(), std::min<rlim_t>(before.rlim_max, 1'048'576));
  EXPECT_EQ(descriptor_limit(), std::min<rlim_t>(before.rlim_max, 1'048'576));
  setrlimit(RLIMIT_NOFILE, &before);
}

// In a child process: what the standard descriptors are open on, or the refusal.
[[noreturn]] void occupy_and_exit(const std::vector<int>& closed, rlim_t limit) {
  for (const int each : closed)
    close(each);
  const rlimit most{limit, limit};
  setrlimit(RLIMIT_NOFILE, &most);
  const auto occupied = occupy_standard_descriptors();
  if (!occupied) {
    std::fprintf(stderr, "%s", occupied.error().message.c_str());
    _exit(3);
  }
  const bool all_open = fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0;
  _exit(all_open ? 0 : 1);
}

TEST(StandardDescriptors, AreOpenedOnNothingWhereTheyAreClosed) {
  EXPECT_EXIT(occupy_and_exit({0, 2}, 64), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(occupy_and_exit({}, 0), testing::ExitedWithCode(0), "");
}

TEST(StandardDescriptors, AProcessRefusesToStartIfNothingCannotBeOpened) {
  EXPECT_EXIT(occupy_and_exit({0}, 0), testing::ExitedWithCode(3),
              "descriptor 0 .* is closed, and /dev/null cannot be opened");
}

TEST_F(DescriptorsTest, CountsThoseThatAreOpen) {
  const auto before = open_descriptors();
  ASSERT_TRUE(before);
  const int one = open("/dev/null", O_RDONLY);
  const int another = open("/dev/null", O_RDONLY);
  EXPECT_EQ(open_descriptors(), *before + 2);
  close(one);
  close(another);
  EXPECT_EQ(open_descriptors(), before);
}

// A client that has its descriptor already and waits to be accepted.
struct Dialler {
  explicit Dialler(Loop& loop, const SocketAddress& target)
      : connector(TcpConnector::start(loop, target, *this)) {}
  void operator()(Result<TcpStream> result) {
    if (result) stream = *std::move(result);
  }
  std::optional<TcpStream> stream;
  Result<TcpConnector> connector;
};

TEST_F(DescriptorsTest, ClosesWhatItCannotAcceptAndGoesOn) {
  Dialler dialler(loop, acceptor.listener->local_address());
  {
    const Shortage shortage;
    run_briefly(loop);
    EXPECT_EQ(acceptor.announced, 1) << "of make_pair()";
    EXPECT_FALSE(acceptor.failure);
  }
  TcpStream client = connect(acceptor.listener->local_address());
  run_until([&] { return !acceptor.streams.empty(); });
}

TEST_F(DescriptorsTest, ClosesTheListenerIfAcceptingFailsAgainAndAgain) {
  const SocketAddress address = acceptor.listener->local_address();
  Dialler dialler(loop, address);
  {
    Shortage shortage;
    // libuv's spare descriptor, by which it gets rid of connections, was lost to another thread.
    close(loop.raw()->emfile_fd);
    loop.raw()->emfile_fd = -1;
    shortage.take_all();
    run_until([&] { return acceptor.failure.has_value(); });
    EXPECT_EQ(acceptor.failure->message,
              "cannot accept connections on " + address.to_string() + ": too many open files");
    EXPECT_FALSE(acceptor.listener->accept());
    shortage.take_all();
    const auto reopened = acceptor.listener->reopen();
    ASSERT_FALSE(reopened);
    EXPECT_EQ(reopened.error().code, ErrorCode::kExhausted);
  }
  const auto reopened = acceptor.listener->reopen();
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_EQ(acceptor.listener->local_address(), address);
  TcpStream client = connect(address);
  run_until([&] { return !acceptor.streams.empty(); });
}

TEST_F(DescriptorsTest, TellsThatAConnectionCannotEvenBegin) {
  const Shortage shortage;
  auto on_done = [](const Result<TcpStream>&) { FAIL(); };
  const auto connector = TcpConnector::start(loop, acceptor.listener->local_address(), on_done);
  ASSERT_FALSE(connector);
  EXPECT_EQ(connector.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(connector.error().message.ends_with(": too many open files"));
}

}  // namespace
}  // namespace throttle::uv
