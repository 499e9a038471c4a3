// Listening: addresses, errors, back-pressure and the order of connections.
#include "libthrottle/uv/tcp_listener.h"

#include <memory>

#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using TcpListenerTest = TcpTest;

TEST_F(TcpListenerTest, FindsAFreePortAndTellsIt) {
  EXPECT_NE(acceptor.listener->local_address().port, 0);
  EXPECT_EQ(acceptor.listener->local_address().ip, kAnyLoopbackPort.ip);
}

TEST_F(TcpListenerTest, NamesAnAddressThatIsInUse) {
  const SocketAddress taken = acceptor.listener->local_address();
  const auto second = TcpListener::listen(loop, taken, acceptor);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_EQ(second.error().message, "cannot listen on " + taken.to_string() +
                                        ": address already in use. Another program listens "
                                        "there: stop it, or choose another port");
}

TEST_F(TcpListenerTest, NamesAnAddressThatIsNotOfThisMachine) {
  const SocketAddress elsewhere{IpAddress::from_v4({192, 0, 2, 1}), 0};
  const auto listener = TcpListener::listen(loop, elsewhere, acceptor);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(listener.error().message.starts_with("cannot listen on 192.0.2.1:0: "));
}

TEST_F(TcpListenerTest, FreesItsAddressAtOnce) {
  auto first = std::make_unique<ListeningEnd>(loop);
  const SocketAddress address = first->listener->local_address();
  TcpStream client = connect(address);
  run_until([&] { return !first->streams.empty(); });
  first.reset();
  const auto second = TcpListener::listen(loop, address, acceptor);
  EXPECT_TRUE(second) << second.error().message;
}

// On a machine without IPv6 it cannot listen there, and says so.
TEST_F(TcpListenerTest, TakesIpv4WhereItListensOnAllAddresses) {
  if (const auto probe = TcpListener::listen(loop, SocketAddress{}, acceptor); !probe) {
    EXPECT_EQ(probe.error().code, ErrorCode::kUnavailable);
    return;
  }
  ListeningEnd all(loop, SocketAddress{});
  TcpStream client =
      connect(SocketAddress{kAnyLoopbackPort.ip, all.listener->local_address().port});
  run_until([&] { return !all.streams.empty(); });
  const auto peer = all.streams.front().peer_address();
  ASSERT_TRUE(peer);
  EXPECT_EQ(*peer, *client.local_address());
  EXPECT_TRUE(peer->ip.is_v4());
}

TEST_F(TcpListenerTest, AnnouncesNoMoreWhileAConnectionIsLeft) {
  acceptor.taking = false;
  const std::vector<TcpStream> clients = connect_many(3);
  run_briefly(loop);
  EXPECT_EQ(acceptor.announced, 1);

  acceptor.taking = true;
  auto first = acceptor.listener->accept();
  ASSERT_TRUE(first);
  EXPECT_EQ(*first->peer_address(), *clients.front().local_address());
  run_until([&] { return acceptor.streams.size() == 2; });
  EXPECT_FALSE(acceptor.listener->accept());
}

TEST_F(TcpListenerTest, HandsOverInOrderOfArrival) {
  const std::vector<TcpStream> clients = connect_many(5);
  run_until([&] { return acceptor.streams.size() == clients.size(); });
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(*acceptor.streams[i].peer_address(), *clients[i].local_address());
  }
}

TEST(TcpListener, MayBeDestroyedInOnConnection) {
  struct Leaver final : TcpListener::Receiver {
    void on_connection() noexcept override { listener.reset(); }
    void on_accept_failed(const Error&) noexcept override {}
    std::optional<TcpListener> listener;
  };
  Loop loop;
  Leaver leaver;
  leaver.listener = *TcpListener::listen(loop, kAnyLoopbackPort, leaver);
  bool connected = false;
  auto on_done = [&](const Result<TcpStream>& result) { connected = result.has_value(); };
  const auto connector = TcpConnector::start(loop, leaver.listener->local_address(), on_done);
  loop.run();
  EXPECT_TRUE(connected);
  EXPECT_FALSE(leaver.listener);
}

}  // namespace
}  // namespace throttle::uv
