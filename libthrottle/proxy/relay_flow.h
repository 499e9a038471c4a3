// The decisions of a relay, without a socket: which side is read, which side the end is passed on
// to, and when and why the relay is over.
//
// The engine reports what happened, and then does what the queries answer. Bytes that one side sent
// are either with the other side's system, or they wait. Invariants: while more than the buffer
// waits for a side, or it is full, the other one is not read; an end is passed on after the last
// byte, never before; what ended a relay first is what ended it; a reset overtakes nothing that
// the upstream sent before it.
// Threads: values only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace throttle::proxy {

// What ended a relay.
enum class RelayEnd : std::uint8_t {
  kFinished,  // both sides said all, and it was passed on
  kClientReset,
  kUpstreamReset,
  kClientFailed,  // for example a timeout of the system
  kUpstreamFailed,
};

enum class RelaySide : std::uint8_t { kClient, kUpstream };

constexpr RelaySide other(RelaySide side) {
  return side == RelaySide::kClient ? RelaySide::kUpstream : RelaySide::kClient;
}

class RelayFlow {
 public:
  explicit RelayFlow(std::size_t buffer_bytes);

  // `from` sent `bytes`; of all that it sent, `waiting` bytes are not with the other side yet.
  void moved(RelaySide from, std::size_t bytes, std::size_t waiting);
  // `to` takes no more for now, however little waits for it.
  void filled(RelaySide to);
  // Nothing waits for `to` any longer.
  void drained(RelaySide to);
  // `from` will send nothing more.
  void ended(RelaySide from);
  // `side` is gone, and whatever was under way to it. Without its client a relay is over. What the
  // upstream sent before it went is handed over to the client first.
  void was_reset(RelaySide side);
  void failed(RelaySide side);
  // The client has received it.
  void handed_over();

  // Whether to read what `from` sends.
  bool reads(RelaySide from) const;
  // Whether to shut down sending to `to`, for it was sent everything.
  bool shuts(RelaySide to) const;
  // Whether bytes wait for `to`.
  bool waits(RelaySide to) const;
  // Whether it will send nothing more.
  bool has_ended(RelaySide from) const { return of(from).ended; }
  // Whether the upstream is gone, and the client may not have received everything yet.
  bool hands_over() const { return lost_.has_value() && !end_; }
  // Why it is over, once it is.
  std::optional<RelayEnd> end() const { return end_; }

  std::uint64_t bytes_from(RelaySide from) const;

 private:
  // What one side sends.
  struct Direction {
    std::uint64_t bytes = 0;
    bool held = false;
    bool waiting = false;
    bool ended = false;
    bool delivered() const { return ended && !waiting; }
  };

  Direction& of(RelaySide from) { return directions_[static_cast<std::size_t>(from)]; }
  const Direction& of(RelaySide from) const { return directions_[static_cast<std::size_t>(from)]; }
  void finish_if_delivered();
  void end_with(RelayEnd end);
  void lose(RelaySide side, RelayEnd end);

  std::array<Direction, 2> directions_;
  std::size_t buffer_bytes_;
  std::optional<RelayEnd> lost_;  // how the upstream went, before its end by itself
  std::optional<RelayEnd> end_;
};

}  // namespace throttle::proxy
