// Passes bytes from one stream on to another without a look at them: the system moves them by
// reference through a pipe and never copies them, which pays for large amounts only.
//
// A pump holds a pipe only while something is in it, so a silent one costs nothing. It moves bytes
// on Linux only. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "libthrottle/uv/pipe_pool.h"

namespace throttle::uv {

class Loop;
class TcpStream;

class SplicePump {
 public:
  enum class State : std::uint8_t {
    kFlowing,  // all was passed on
    kHeld,     // the target is full or gone; its receiver will hear on_drained() or how it ended
    kSourceEnded,  // the source will send nothing more
    kSourceReset,
    kSourceFailed,
    kUnavailable,  // there is no pipe, or no way for these: copy
  };
  struct Moved {
    State state;
    std::size_t bytes;  // taken from the source
  };

  // Whether this system has a way at all.
  static bool is_available() noexcept;

  // `loop` outlives it.
  explicit SplicePump(Loop& loop);
  ~SplicePump();
  SplicePump(const SplicePump&) = delete;
  SplicePump& operator=(const SplicePump&) = delete;

  // Takes what `source` has, at most `most` bytes, and passes it to `target`, which has nothing
  // queued. For the source's on_readable(); not while held.
  Moved move(TcpStream& source, TcpStream& target, std::size_t most);
  // Passes on what the target did not take before: kFlowing or kHeld. For the target's
  // on_drained().
  State go_on(TcpStream& target);

  // Taken, and neither passed on nor queued by the target yet.
  std::size_t held_bytes() const { return held_bytes_; }

 private:
  bool queue_a_little(TcpStream& target);
  void release_pipe();

  Loop& loop_;
  PipePool& pool_;
  std::optional<Pipe> pipe_;
  std::size_t held_bytes_ = 0;
};

}  // namespace throttle::uv
