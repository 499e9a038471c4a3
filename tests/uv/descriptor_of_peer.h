// The sockets behind streams, for what only the system knows of them. Linux and its relatives.
#pragma once

#include <sys/socket.h>

#include <gtest/gtest.h>

#include "libthrottle/uv/sockaddr.h"

namespace throttle::uv {

// The socket of this process whose other end is there, or -1.
inline int descriptor_to(const SocketAddress& peer) {
  constexpr int kDescriptors = 1024;
  for (int descriptor = 0; descriptor < kDescriptors; ++descriptor) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* name = reinterpret_cast<sockaddr*>(&storage);
    if (getpeername(descriptor, name, &size) == 0 && from_sockaddr(name) == peer) return descriptor;
  }
  return -1;
}

inline int option(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(descriptor, level, name, &value, &size), 0);
  return value;
}

}  // namespace throttle::uv
