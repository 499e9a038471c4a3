// Notices that the other side of a stream left, while nobody reads the stream: unread bytes stay
// whole, and however many of them there are, its end is heard.
//
// Only Linux can do that (a second descriptor of the connection, polled for hang-ups alone);
// elsewhere start() has nothing to give. Threads: the loop's.
#pragma once

#include <cstdint>
#include <optional>

#include "libthrottle/uv/box.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;
class TcpStream;

enum class Departure : std::uint8_t {
  kEnd,    // it will send nothing more: closed, or only shut down its sending side
  kReset,  // it broke the connection off, or the system gave it up
};

class DepartureWatch {
 public:
  // What to hear of. Where the end is known already, a reset may still come.
  enum class What : std::uint8_t { kEndOrReset, kReset };
  using OnDeparture = Callback<void(Departure)>;

  // Watches as long as it lives, but reports only once; the callback may destroy it as the last
  // thing it does. Destroy it before the stream is closed. Nothing if the system has no way, or the
  // loop no descriptor to spare: the departure then shows when the stream is read or written.
  static std::optional<DepartureWatch> start(Loop& loop, const TcpStream& stream, What what,
                                             OnDeparture on_departure);
  ~DepartureWatch();
  DepartureWatch(DepartureWatch&&) noexcept;
  DepartureWatch& operator=(DepartureWatch&&) noexcept;

 private:
  struct Box;
  explicit DepartureWatch(BoxOwner<Box> box);
  BoxOwner<Box> box_;
};

}  // namespace throttle::uv
