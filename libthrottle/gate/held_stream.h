// A client's connection that has to wait: what the client sends is kept, and its departure noticed.
//
// Up to a limit the bytes are read and kept; beyond it they stay in the system, whose flow control
// then holds the client back. A reset means that the client left, and so does an end of data when
// nothing was sent before. An end after data may as well mean "that was my request": HalfClosed
// decides. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/gate/settings.h"
#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::gate {

class HeldStream final : uv::TcpStream::Receiver {
 public:
  // In both calls the receiver may take() or destroy the stream as the last thing it does.
  class Receiver {
   public:
    // received() or has_ended() changed.
    virtual void on_received() noexcept = 0;
    // The client is gone; reported once.
    virtual void on_left() noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  struct Options {
    std::size_t limit = 16 * 1024;  // of what is kept
    HalfClosed half_closed = HalfClosed::kIsServed;
  };

  // The connection with all that the client has sent so far.
  struct Contents {
    uv::TcpStream stream;
    std::string received;
    // The client will send nothing more. Also reported to the new receiver once it reads.
    bool has_ended = false;
  };

  // Reads from now on. `loop` and `receiver` outlive it.
  HeldStream(uv::Loop& loop, uv::TcpStream stream, const Options& options, Receiver& receiver);
  HeldStream(const HeldStream&) = delete;
  HeldStream& operator=(const HeldStream&) = delete;

  std::string_view received() const { return received_; }
  bool has_ended() const { return has_ended_; }
  // Forgets the first `count` bytes of received(), which were not meant for the service. There are
  // that many.
  void skip(std::size_t count);

  // Whether reading stops or goes on when the connection is handed over. It goes on (if it did) for
  // a new owner that sets itself as the stream's receiver before the loop's next turn; to stop and
  // start it costs two calls of the system.
  enum class Handover : std::uint8_t { kStopped, kReading };

  // Another socket of the connection, which this one may be closed for. Not after take().
  Result<uv::SystemSocket> duplicate() const { return stream_.duplicate(); }
  // Hands the connection over, once. The receiver is not called any more.
  Contents take(Handover handover = Handover::kStopped);
  // Holds the connection again that was taken, and of which nothing was received since.
  void give_back(uv::TcpStream stream);

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
  std::string received_;
  uv::TcpStream stream_;
  std::optional<uv::DepartureWatch> watch_;  // dies before the stream
};

}  // namespace throttle::gate
