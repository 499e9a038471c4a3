// What the server does with few descriptors, where that can be brought about: POSIX.
#include <fcntl.h>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <uv.h>

#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

// Lowers the number of descriptors that this process may have, until its end.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = limit;
    setrlimit(RLIMIT_NOFILE, &low);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// All descriptors that are left, until its end.
class AllDescriptors {
 public:
  AllDescriptors() {
    for (int each = dup(0); each >= 0; each = dup(0))
      taken_.push_back(each);
  }
  ~AllDescriptors() {
    for (const int each : taken_)
      close(each);
  }
  AllDescriptors(const AllDescriptors&) = delete;
  AllDescriptors& operator=(const AllDescriptors&) = delete;

 private:
  std::vector<int> taken_;
};

using ServerDescriptorsTest = ServerTest;

TEST_F(ServerDescriptorsTest, TakesNoMoreConnectionsThanDescriptorsAllow) {
  {
    const DescriptorLimit limit(70);
    start({.connections = 1000});
  }
  EXPECT_EQ(http_server->most_connections(), 6U);
  for (int i = 0; i < 10; ++i)
    connect_client();
  run_until_open(6);
  uv::run_briefly(loop);
  EXPECT_EQ(open(), 6U);
}

// Serves a client, then another one tries to connect while no descriptor is left.
TEST_F(ServerDescriptorsTest, ServesItsClientsInAShortageAndOthersAfterIt) {
  start();
  uv::End& served = connect_and_send(get("/before"));
  run_until_received(served, kOk);
  {
    const DescriptorLimit limit(64);
    std::optional<uv::TcpStream> late_client;  // keeps its descriptor
    auto on_done = [&](Result<uv::TcpStream> result) {
      if (result) late_client = *std::move(result);
    };
    const auto late = uv::TcpConnector::start(loop, server_address, on_done);
    ASSERT_TRUE(late);  // it has its descriptor already
    const AllDescriptors none_left;
    served.stream.write(get("/during"));
    run_until_received(served, "GET /during ");
    EXPECT_EQ(open(), 1U);
  }
  run_until_received(connect_and_send(get("/after")), kOk);
}

TEST_F(ServerDescriptorsTest, TellsThatItCannotAcceptAndListensAgain) {
  start();
  // The undefined-behaviour sanitizer needs descriptors to look at a receiver that is new to it.
  static_cast<Server::Receiver&>(*this).on_accept_failed({});
  run_until_received(connect_and_send(get("/before")), kOk);
  {
    const DescriptorLimit limit(64);
    std::optional<uv::TcpStream> late_client;  // keeps its descriptor
    auto on_done = [&](Result<uv::TcpStream> result) {
      if (result) late_client = *std::move(result);
    };
    const auto late = uv::TcpConnector::start(loop, server_address, on_done);
    ASSERT_TRUE(late);
    // libuv's spare descriptor, by which it gets rid of connections, was lost to another thread.
    close(loop.raw()->emfile_fd);
    loop.raw()->emfile_fd = -1;
    const AllDescriptors none_left;
    watch_until([&] { return failures.size() > 1; });
  }
  EXPECT_THAT(failures.back(), testing::HasSubstr("too many open files"));
  EXPECT_EQ(http_server->counters().accept_failures, failures.size() - 1);
  uv::run_briefly(loop, std::chrono::milliseconds(250));
  run_until_received(connect_and_send(get("/after")), kOk);
}

}  // namespace
}  // namespace throttle::httpd
