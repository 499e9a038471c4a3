// A connected stream, accepted by a TcpListener or made by a TcpConnector: a TCP stream, or one of
// a Unix socket. The latter has no resets: a side that breaks it off just closes, which the other
// one reads as an end. What only TCP has does nothing there.
//
// Reading goes through the loop's one buffer, so a silent stream costs its handle (about 300 bytes)
// and no more. Writing tries the system first and queues only what it did not take. Stream and
// receiver: no member function of the stream calls its receiver; all calls come from the loop, and
// in each of them the receiver may destroy the stream and itself as the last thing it does.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/box.h"
#include "libthrottle/uv/delivery.h"
#include "libthrottle/uv/system_socket.h"

namespace throttle::uv {

class Loop;
class Timer;

class TcpStream {
 public:
  // Receives what happens to a stream.
  class Receiver {
   public:
    // Never empty; good until it returns.
    virtual void on_bytes(std::string_view bytes) noexcept = 0;
    // The other side will send nothing more: it closed, or only shut down its sending side (which
    // of the two shows when it is written to). Reading is over; writing still works.
    virtual void on_eof() noexcept = 0;
    // All that had to be queued by write() has been handed to the system.
    virtual void on_drained() noexcept = 0;
    // The other side broke the connection off. The stream is dead: writes vanish without a report.
    virtual void on_reset() noexcept = 0;
    // The connection failed for another reason, for example a timeout. Dead as after a reset.
    virtual void on_failed(const Error& error) noexcept = 0;
    // There is something to read, or an end; only if start_watching() asked for it. A receiver that
    // leaves it where it is receives the call again in the next turn.
    virtual void on_readable() noexcept {}

   protected:
    ~Receiver() = default;
  };

  // Closes: what the system has taken is still sent, what was queued is lost. If the other side
  // sent bytes that were not read, the system may reset the connection and destroy what is under
  // way; to say a last word, shutdown() and read on until on_eof() or a deadline.
  ~TcpStream();
  TcpStream(TcpStream&&) noexcept;
  TcpStream& operator=(TcpStream&&) noexcept;

  // `receiver` is called from now on; it outlives the stream. Needed before reading or writing. An
  // end that came before is reported to it again, in a later turn, once it reads: so a receiver
  // that a stream is handed over to cannot miss the end.
  void set_receiver(Receiver& receiver);

  // Reading begins stopped. While it is stopped the stream hears neither an end nor a reset, except
  // by a failing write. Both may be called at any time, and repeatedly.
  void start_reading();
  void stop_reading();
  // Instead of reading: reports that there is something to read, and leaves it with the system for
  // a SplicePump to take. start_reading() and stop_reading() end that.
  void start_watching();
  // What has come by now, at most one read of it; good until the loop reads again. Nothing where
  // the system has no way, or if there is only an end: that is reported as ever.
  std::string_view read_now();
  // Whether the system knows already that the other side will send nothing more, and all that it
  // sent was read. Then reading is over without on_eof(). A false is no promise.
  bool has_ended();

  // Sends `head` and then `body`, of any size, after all that was written before. A failure is
  // reported to the receiver later. Not after shutdown().
  void write(std::string_view head, std::string_view body = {});
  // The same, of the last bytes: shutdown() or close() follows at once, and where the system can
  // do that, the end goes along with them.
  void write_last(std::string_view bytes);
  // What write() could not hand to the system yet; for back-pressure.
  std::size_t queued_bytes() const;

  // Costs a call of the system. Nothing where the system does not say.
  std::optional<Delivery> delivery() const;

  // Lets the other side know that nothing more will be written, once all that was has been sent.
  // Reading goes on.
  void shutdown();

  // Closes as the destructor does.
  void close();
  // Closes at once with a reset, so that the other side knows it was broken off.
  void close_with_reset();
  // Whether it is neither closed nor moved from; no other member function may be called then.
  bool is_open() const { return box_ != nullptr; }

  // Another socket of the same connection, which lives until both are closed: close the stream at
  // once. Error kUnavailable if the system has no descriptor left, or the connection is gone.
  Result<SystemSocket> duplicate() const;

  // Sends small writes at once instead of collecting them (TCP_NODELAY). Where the system never
  // holds a first write back, this is requested with the second one.
  void set_nodelay();
  // Has the system probe a connection that was silent for `idle` (at least 1 s), so that a peer
  // that vanished is noticed while reading.
  void set_keepalive(Duration idle);

  // The addresses of the other and of this end. Error kUnavailable if the connection is gone. On a
  // Unix socket, the other end is the user that the system says (IpAddress::of_unix()), and this
  // one has no address (kUnavailable).
  Result<SocketAddress> peer_address() const;
  Result<SocketAddress> local_address() const;
  bool is_unix() const;

 private:
  friend class Acceptor;
  friend class DepartureWatch;
  friend class SplicePump;
  friend class TcpListener;
  friend class TcpConnector;
  struct Box;
  struct Write;
  enum class Follows : std::uint8_t { kMaybeMore, kEnd };
  void write_all(std::string_view head, std::string_view body, Follows follows);
  void write_piece(std::string_view head, std::string_view body, Follows follows);
  // Unconnected, for TcpListener and TcpConnector to connect. With a family (AF_INET, AF_INET6) it
  // has its socket at once, if the system has one to give. AF_UNIX makes it one of a Unix socket.
  explicit TcpStream(Loop& loop, unsigned family = 0);

  // Has the end reported in the next turn, if the present receiver does not know it.
  void report_end_again();

  BoxOwner<Box> box_;
  std::unique_ptr<Timer> end_again_;  // made when an end is to be reported again
};

}  // namespace throttle::uv
