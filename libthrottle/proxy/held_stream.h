// A client's connection that has to wait: what the client sends is kept, and its departure noticed.
//
// Up to a limit the bytes are read and kept; beyond it they stay in the system, whose flow control
// then holds the client. A reset means that the client left, and so does an end of data when
// nothing was sent before. An end after data may as well mean "that was my request": HalfClosed
// decides. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/proxy/settings.h"
#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::proxy {

class HeldStream final : uv::TcpStream::Receiver {
 public:
  // In both calls the receiver may take() or destroy the stream as the last thing it does.
  class Receiver {
   public:
    // said() or has_ended() changed.
    virtual void on_said() noexcept = 0;
    // The client is gone; told once.
    virtual void on_left() noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  struct Options {
    std::size_t limit = 16 * 1024;  // of what is kept
    HalfClosed half_closed = HalfClosed::kIsServed;
  };

  // The connection with all that the client has said so far.
  struct Contents {
    uv::TcpStream stream;
    std::string said;
    bool has_ended = false;  // it will say no more
  };

  // Reads from now on. `loop` and `receiver` outlive it.
  HeldStream(uv::Loop& loop, uv::TcpStream stream, const Options& options, Receiver& receiver);
  HeldStream(const HeldStream&) = delete;
  HeldStream& operator=(const HeldStream&) = delete;

  std::string_view said() const { return said_; }
  bool has_ended() const { return has_ended_; }
  // Forgets the first `count` bytes of said(), which were not meant for the upstream.
  void skip(std::size_t count) { said_.erase(0, count); }

  // Whose connection it is until take().
  uv::TcpStream& stream() { return stream_; }
  // What becomes of reading when the connection is handed over. It goes on (if it did) for those
  // who set themselves as the stream's receiver before the loop's next turn; to stop and start it
  // costs two calls of the system.
  enum class Handover : std::uint8_t { kStopped, kReading };

  // Hands the connection over. Nobody is told anything any more.
  Contents take(Handover handover = Handover::kStopped);

 private:
  void on_bytes(std::string_view bytes) noexcept override;
  void on_eof() noexcept override;
  void on_drained() noexcept override {}
  void on_reset() noexcept override;
  void on_failed(const Error& error) noexcept override;
  void on_departure(uv::Departure departure);
  void watch(uv::DepartureWatch::What what);

  uv::Loop& loop_;
  Receiver& receiver_;
  std::uint32_t limit_;
  HalfClosed half_closed_;
  bool has_ended_ = false;
  std::string said_;
  uv::TcpStream stream_;
  std::optional<uv::DepartureWatch> watch_;  // dies before the stream
};

}  // namespace throttle::proxy
