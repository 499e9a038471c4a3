// One attempt to connect. Destroying it gives the attempt up and nothing is reported.
// Threads: the loop's.
#pragma once

#include <memory>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::uv {

class TcpConnector {
 public:
  // The stream, or an error that names the address. kNotFound: a Unix socket without a file.
  // kUnavailable: refused, unreachable, timed out;
  // kExhausted: no descriptor, memory or port of ours is left, or we have no address from which to
  // reach it. The callback may destroy the connector as the last thing it does. What it writes
  // spares a segment, where the system lets it end the handshake.
  using OnDone = Callback<void(Result<TcpStream>)>;

  // Begins. One of these errors at once if the attempt cannot even begin; then `on_done` is not
  // called. There is no time limit but the system's, of minutes: have a timer.
  static Result<TcpConnector> start(Loop& loop, const Endpoint& target, OnDone on_done);

  ~TcpConnector();
  TcpConnector(TcpConnector&&) noexcept;
  TcpConnector& operator=(TcpConnector&&) noexcept;

 private:
  struct Attempt;
  struct GiveUp {
    void operator()(Attempt* attempt) const noexcept;
  };
  explicit TcpConnector(std::unique_ptr<Attempt, GiveUp> attempt);

  std::unique_ptr<Attempt, GiveUp> attempt_;
};

}  // namespace throttle::uv
