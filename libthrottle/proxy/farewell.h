// How a client is turned away: silently, by a reset, or with a last word that arrives.
//
// A socket that is closed with unread bytes resets the connection and destroys what was written. So
// the last word is written, the sending side shut down, and what the client still sends is read and
// dropped for a moment before the connection is closed. Threads: the loop's.
#pragma once

#include <cstddef>
#include <list>
#include <string_view>

#include "libthrottle/core/time.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/proxy/settings.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {

class Farewell {
 public:
  static constexpr std::size_t kMostLingering = 1000;  // beyond, connections are closed at once

  // `loop` outlives it.
  explicit Farewell(uv::Loop& loop);
  // Closes those that linger.
  ~Farewell();
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;

  // Ends the connection in the way that `rejection` wants. The words tell nothing of the limits.
  void say(uv::TcpStream stream, Rejection rejection, Refusal refusal);

 private:
  class Guest;
  void linger(uv::TcpStream stream, std::string_view words);
  void on_due();

  std::list<Guest> guests_;  // the first is due first
  uv::Timer timer_;
};

}  // namespace throttle::proxy
