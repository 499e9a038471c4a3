// Datagrams: sent whole, or refused at once.
#include "libthrottle/uv/udp_socket.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/sockaddr.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

// Receives datagrams on a free port of the loopback. The room itself only sends.
class Inbox {
 public:
  explicit Inbox(Loop& loop) {
    uv_udp_init(loop.raw(), &uv_);
    uv_.data = this;
    const SocketAddress any{IpAddress::from_v4({127, 0, 0, 1}), 0};
    EXPECT_EQ(uv_udp_bind(&uv_, Sockaddr(any).get(), 0), 0);
    uv_udp_recv_start(&uv_, offer, receive);
  }
  void close() { uv_close(reinterpret_cast<uv_handle_t*>(&uv_), nullptr); }
  SocketAddress address() {
    sockaddr_storage storage{};
    int size = sizeof storage;
    uv_udp_getsockname(&uv_, reinterpret_cast<sockaddr*>(&storage), &size);
    return *from_sockaddr(reinterpret_cast<sockaddr*>(&storage));
  }

  std::vector<std::string> datagrams;

 private:
  static void offer(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) {
    auto& inbox = *static_cast<Inbox*>(uv->data);
    *buffer = uv_buf_init(inbox.bytes_.data(), static_cast<unsigned>(inbox.bytes_.size()));
  }
  static void receive(uv_udp_t* uv, ssize_t size, const uv_buf_t* buffer, const sockaddr* from,
                      unsigned) {
    if (size < 0 || from == nullptr) return;
    static_cast<Inbox*>(uv->data)->datagrams.emplace_back(buffer->base,
                                                          static_cast<std::size_t>(size));
    uv_stop(uv->loop);
  }

  uv_udp_t uv_{};
  std::array<char, 65536> bytes_{};
};

TEST(UdpSocket, SendsEachDatagramWhole) {
  Loop loop;
  Inbox inbox(loop);
  {
    UdpSocket socket(loop, inbox.address());
    EXPECT_TRUE(socket.send("one"));
    EXPECT_TRUE(socket.send(std::string(8000, 'x')));
    while (inbox.datagrams.size() < 2 && !testing::Test::HasFailure())
      run_until_stopped(loop);
  }
  EXPECT_EQ(inbox.datagrams, (std::vector<std::string>{"one", std::string(8000, 'x')}));
  inbox.close();
}

TEST(UdpSocket, TellsWhatCannotBeSent) {
  Loop loop;
  UdpSocket socket(loop, SocketAddress{IpAddress::from_v4({127, 0, 0, 1}), 9});
  const auto sent = socket.send(std::string(70'000, 'x'));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sent.error().message, "cannot send to 127.0.0.1:9: message too long");
}

TEST(UdpSocket, NeitherBlocksNorFailsIfNobodyListens) {
  Loop loop;
  Inbox inbox(loop);
  const SocketAddress nobody = inbox.address();
  inbox.close();
  run_briefly(loop);
  UdpSocket socket(loop, nobody);
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(socket.send("to nobody"));
}

}  // namespace
}  // namespace throttle::uv
