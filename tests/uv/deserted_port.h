// A port of the loopback at which nobody listens: connections are refused. It is bound, so that the
// system gives it to nobody else meanwhile, not even in another process.
#pragma once

#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/sockaddr.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {

class DesertedPort {
 public:
  explicit DesertedPort(Loop& loop, const SocketAddress& address = kAnyLoopbackPort)
      : uv_(new uv_tcp_t{}) {
    EXPECT_EQ(uv_tcp_init(loop.raw(), uv_), 0);
    EXPECT_EQ(uv_tcp_bind(uv_, Sockaddr(address).get(), 0), 0);
    EXPECT_EQ(query_name(*uv_, uv_tcp_getsockname, address_), 0);
  }
  ~DesertedPort() {
    uv_close(reinterpret_cast<uv_handle_t*>(uv_),
             [](uv_handle_t* uv) { delete reinterpret_cast<uv_tcp_t*>(uv); });
  }
  DesertedPort(const DesertedPort&) = delete;
  DesertedPort& operator=(const DesertedPort&) = delete;

  const SocketAddress& address() const { return address_; }

 private:
  uv_tcp_t* uv_;
  SocketAddress address_;
};

}  // namespace throttle::uv
