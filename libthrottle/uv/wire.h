// A wire moves the bytes of one connection, whatever is below it: TcpWire today, TLS later. The
// HTTP server and the HTTP client know nothing but this.
//
// The rules are those of TcpStream: no member function calls the receiver; all calls come from the
// loop, and in each of them the receiver may destroy the wire and itself as the last thing it does.
// One call moves a whole read or a whole write, so the virtual calls are few.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <string_view>

#include "libthrottle/uv/tcp_stream.h"

namespace throttle::uv {

class Wire {
 public:
  using Receiver = TcpStream::Receiver;

  Wire() = default;
  // Closes as close() does.
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // The receiver from now on, which outlives the wire or is replaced. Needed before all else.
  virtual void set_receiver(Receiver& receiver) = 0;

  // Reading begins stopped. While it is stopped, neither an end nor a reset is reported.
  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;

  // Sends `bytes` after all that was written before. Not after shutdown().
  virtual void write(std::string_view bytes) = 0;
  // What write() could not hand to the system yet. While it is above 0, on_drained() will follow.
  virtual std::size_t queued_bytes() const = 0;
  // Announces to the other side that nothing more follows, once all that was written is sent.
  virtual void shutdown() = 0;

  // Closes: what the system has taken is still sent, what was queued is lost. Closing again changes
  // nothing; all else may not be called on a closed wire.
  virtual void close() = 0;
  // Closes at once with a reset, so that the other side notices that it was cut off.
  virtual void close_with_reset() = 0;
  virtual bool is_open() const = 0;
};

}  // namespace throttle::uv
