// What accepted connections have from their listening socket.
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/uv/descriptor_of_peer.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using namespace std::chrono_literals;

using TcpListenerPosixTest = TcpTest;

TEST_F(TcpListenerPosixTest, GivesConnectionsNodelay) {
  make_pair();
  const int accepted = descriptor_to(*client_end->stream.local_address());
  EXPECT_NE(option(accepted, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(option(accepted, SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST_F(TcpListenerPosixTest, GivesConnectionsItsKeepalive) {
  acceptor.listener->set_keepalive(45s);
  make_pair();
  const int accepted = descriptor_to(*client_end->stream.local_address());
  EXPECT_NE(option(accepted, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(option(accepted, IPPROTO_TCP, TCP_KEEPIDLE), 45);
}

}  // namespace
}  // namespace throttle::uv
