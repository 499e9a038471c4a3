// Listens on an address, or on a Unix socket. Connections are taken, not pushed: an owner that
// cannot have another one now leaves it, and the listener stops polling until it is taken. That is
// the back-pressure: further clients wait in the system's backlog.
//
// Without descriptors libuv accepts and closes all that waits in the backlog, and nobody hears of
// it; so count connections and stop taking them below descriptor_limit().
// Threads: the loop's.
#pragma once

#include <memory>
#include <optional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::uv {

class Loop;

class TcpListener {
 public:
  // In both calls the receiver may destroy the listener as the last thing it does.
  class Receiver {
   public:
    // A connection waits: accept() it now, or later when there is room.
    virtual void on_connection() noexcept = 0;
    // The system refuses to accept again and again. The listener has closed its socket, so that it
    // does not spin; let a moment pass, then reopen().
    virtual void on_accept_failed(const Error& error) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  struct Options {
    int backlog = 4096;  // the system may have a lower limit
    unsigned socket_mode = kSocketMode;
  };
  // The permissions of the file of a Unix socket: its owner and its group may connect.
  static constexpr unsigned kSocketMode = 0660;

  // Listens there; port 0 takes a free one, "::" also takes IPv4. `receiver` outlives the listener.
  // The file of a Unix socket that nobody listens on is replaced; it is removed when the listener
  // ends, except one that was handed over. Errors name the address: kInUse if somebody else listens
  // there, kExhausted without descriptors, kUnavailable without permission or such an address on
  // this machine, kNotFound without the folder of a Unix socket.
  static Result<TcpListener> listen(Loop& loop, const Endpoint& where, Receiver& receiver,
                                    const Options& options);
  static Result<TcpListener> listen(Loop& loop, const Endpoint& where, Receiver& receiver) {
    return listen(loop, where, receiver, Options());
  }
  // Resets the connections that nobody took.
  ~TcpListener();
  TcpListener(TcpListener&&) noexcept;
  TcpListener& operator=(TcpListener&&) noexcept;

  // Gives the connections that are accepted from now on what TcpStream::set_keepalive() gives one;
  // where it can, at no cost for each.
  void set_keepalive(Duration idle);
  // Of the file of a Unix socket of its own.
  void set_socket_mode(unsigned mode);

  // Whether a connection waits to be accepted.
  bool has_waiting() const;
  // The connection that waits longest, or nothing if none waits. With TCP_NODELAY.
  std::optional<TcpStream> accept();

  // Where it listens, with the real port; the unspecified address for a Unix socket.
  const SocketAddress& local_address() const;

  // Listens again after on_accept_failed(), on the same address. Errors as listen(): try once more.
  Result<void> reopen();

 private:
  struct State;
  explicit TcpListener(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
