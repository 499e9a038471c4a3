// What accepted connections have from their listening socket.
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "libthrottle/uv/sockaddr.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using namespace std::chrono_literals;

constexpr int kDescriptors = 1024;

// The socket of this process whose other end is there, or -1.
int descriptor_to(const SocketAddress& peer) {
  for (int descriptor = 0; descriptor < kDescriptors; ++descriptor) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* name = reinterpret_cast<sockaddr*>(&storage);
    if (getpeername(descriptor, name, &size) == 0 && from_sockaddr(name) == peer) return descriptor;
  }
  return -1;
}

int option(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(descriptor, level, name, &value, &size), 0);
  return value;
}

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
