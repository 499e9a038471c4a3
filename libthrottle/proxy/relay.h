// Two connected streams made one conversation: bytes both ways, half-close passed on, resets passed
// on as resets, and a side that does not read holds the other one back.
//
// What moves in large pieces is not copied where the system can do without (uv/splice_pump.h). A
// relay that is silent has neither a buffer nor a pipe. A side that is not read, since it is held
// back or is an upstream that ended, is not heard breaking off either, unless something is written
// to it: an idle timeout is the caller's. A client that ended is heard (where the system reports
// it), so that nobody works for a client that is gone.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "libthrottle/core/time.h"
#include "libthrottle/proxy/relay_flow.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

struct RelayOutcome {
  RelayEnd end = RelayEnd::kFinished;
  std::uint64_t bytes_up = 0;    // from the client to the upstream
  std::uint64_t bytes_down = 0;  // from the upstream to the client
};

class Relay {
 public:
  class Receiver {
   public:
    // Both streams are closed (or reset, where one side was). May destroy the relay.
    virtual void on_relay_ended(const RelayOutcome& outcome) noexcept = 0;
    // Instead, within Ends::retry_until: the upstream hung up, and nothing of either side was
    // passed on. It is closed. The client is there, and not read. The same.
    virtual void on_hung_up(uv::TcpStream client) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  struct Ends {
    uv::TcpStream client;
    uv::TcpStream upstream;
    std::string early;          // what the client had sent before; goes to the upstream first
    bool client_ended = false;  // whether the client's end of data was seen already
    // An upstream that hangs up before that, without a byte of either side, is on_hung_up(). With
    // this, `early` has nothing of the client's.
    TimePoint retry_until = TimePoint::min();
  };

  static constexpr std::size_t kDefaultBufferBytes = 64 * 1024;  // each way; see queued_bytes()

  // Begins at once. `receiver` outlives the relay, and is called from the loop only.
  Relay(uv::Loop& loop, Ends ends, Receiver& receiver,
        std::size_t buffer_bytes = kDefaultBufferBytes);
  // Closes both.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Resets both sides; the receiver is not called.
  void abort();

  // Has the system probe an upstream that is silent for `idle`, so that one that vanished is
  // noticed. Costs four calls of the system, which a short connection can be spared.
  void probe_upstream(Duration idle);

  // A side that has not acknowledged what it was sent for `limit`, as far as these calls show.
  // Costs two calls of the system.
  std::optional<RelaySide> find_vanished(Duration limit, TimePoint now);

  std::uint64_t bytes_up() const;
  std::uint64_t bytes_down() const;
  // Taken from one side and not handed to the other's system yet, both ways together. While it is
  // more than `buffer_bytes` one way, no more is read; so it is at most that and one read each way.
  std::size_t queued_bytes() const;
  // The upstream will send nothing more, or is gone; the client may not have received everything.
  bool upstream_ended() const;
  // When a byte last moved, to the millisecond below; for an idle timeout.
  TimePoint last_activity() const;
  // When the upstream last sent a byte, the same; long ago if it has sent none.
  TimePoint last_heard() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace throttle::proxy
