// Listens on one address and takes connections as long as there is room for them.
//
// Where there is none, it leaves them in the system's backlog until take(). Where the system
// refuses (no descriptors, no memory), it lets a moment pass and listens again: it neither spins
// nor gives up. Threads: the loop's.
#pragma once

#include <optional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/uv/tcp_listener.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::http {

class Acceptor final : uv::TcpListener::Receiver {
 public:
  class Receiver {
   public:
    virtual bool has_room() = 0;
    // Only while has_room().
    virtual void on_connected(uv::TcpStream stream) = 0;
    virtual void on_accept_failed(const Error& error) = 0;

   protected:
    ~Receiver() = default;
  };

  // `loop` and `receiver` outlive the acceptor.
  Acceptor(uv::Loop& loop, Receiver& receiver);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Once, and first of all. The address with its real port, or the listener's error.
  Result<SocketAddress> listen(const SocketAddress& address);
  // There is room again: takes those that waited for it.
  void take();

 private:
  void on_connection() noexcept override { take(); }
  void on_accept_failed(const Error& error) noexcept override;
  void reopen();

  uv::Loop& loop_;
  Receiver& receiver_;
  std::optional<uv::TcpListener> listener_;
  uv::Timer retry_;
};

}  // namespace throttle::http
