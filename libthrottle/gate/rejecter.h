// Ends the connection of a client that is rejected: silently, by a reset, or with an answer that
// arrives.
//
// A socket that is closed with unread bytes resets the connection and destroys what was written. So
// the answer is written, the sending side shut down, and what the client still sends is read and
// dropped for a moment before the connection is closed. Threads: the loop's.
#pragma once

#include <cstddef>
#include <list>
#include <string_view>
#include <utility>

#include "libthrottle/core/time.h"
#include "libthrottle/gate/refusal.h"
#include "libthrottle/gate/settings.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::gate {

class Rejecter {
 public:
  static constexpr std::size_t kMostLingering = 1000;  // beyond, connections are closed at once

  // `loop` outlives it.
  explicit Rejecter(uv::Loop& loop);
  // Closes those that linger.
  ~Rejecter();
  Rejecter(const Rejecter&) = delete;
  Rejecter& operator=(const Rejecter&) = delete;

  // Ends the connection in the way of `rejection`. The answer does not reveal any limit.
  void reject(uv::TcpStream stream, Rejection rejection, Refusal refusal);
  // Sends these words, and ends it.
  void say(uv::TcpStream stream, std::string_view words) { linger(std::move(stream), words); }

 private:
  class Client;
  void linger(uv::TcpStream stream, std::string_view answer);
  void on_due();

  std::list<Client> lingering_;  // the first is due first
  uv::Timer timer_;
};

}  // namespace throttle::gate
