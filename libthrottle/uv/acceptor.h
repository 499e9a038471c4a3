// Listens on one address and takes connections as long as there is room for them.
//
// Where there is none, it leaves them in the system's backlog until take(). Where descriptors run
// short, or the system refuses, it lets a moment pass and tries again: it neither spins nor gives
// up. Threads: the loop's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/uv/descriptor_budget.h"
#include "libthrottle/uv/tcp_listener.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {

class Acceptor final : TcpListener::Receiver {
 public:
  class Receiver {
   public:
    // Asked when a connection waits.
    virtual bool has_room() = 0;
    // Only while has_room().
    virtual void on_connected(TcpStream stream) = 0;
    virtual void on_accept_failed(const Error& error) = 0;

   protected:
    ~Receiver() = default;
  };

  // Descriptors left to all that is not a connection: listeners, log, files being read.
  static constexpr std::size_t kSpareDescriptors = DescriptorBudget::kSpare;

  // `loop` and `receiver` outlive the acceptor; do not destroy it out of a call of the receiver,
  // but close() it. It takes connections as the budget of the loop
  // allows. `spare_descriptors` beyond kSpareDescriptors are those that its connections need when
  // they get a place; acceptors of one receiver share them.
  Acceptor(Loop& loop, Receiver& receiver, std::size_t spare_descriptors = kSpareDescriptors);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Once, and first of all. The address with its real port, or the listener's error. A `keepalive`
  // is that of the connections (TcpStream::set_keepalive()).
  Result<SocketAddress> listen(const SocketAddress& address, Duration keepalive = kForever);
  // The same on a Unix socket, whose file has the permissions `mode`.
  Result<void> listen_unix(const std::string& path, unsigned mode);
  // Of that file; nothing without one.
  void set_socket_mode(unsigned mode);
  // From now on, with the limit of descriptors that is in force now.
  void set_spare_descriptors(std::size_t spare);
  // There is room again: takes those that waited for it.
  void take();
  // Listens no more, and takes nobody; also out of a call of the receiver.
  void close();

 private:
  void on_connection() noexcept override { take(); }
  void on_accept_failed(const Error& error) noexcept override;
  bool has_descriptors() const;
  void retry();

  Loop& loop_;
  Receiver& receiver_;
  DescriptorBudget::Share share_;
  bool listening_ = false;
  std::optional<TcpListener> listener_;
  Timer retry_;
};

}  // namespace throttle::uv
