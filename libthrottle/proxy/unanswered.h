// Notices that a peer does not acknowledge what it was sent: its machine or the network is gone.
//
// The system notices too, but only after a quarter of an hour. A peer whose program does not read
// is another matter: its system still answers, and it may take its time. Threads: values only.
#pragma once

#include <chrono>

#include "libthrottle/core/time.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::proxy {

class Unanswered {
 public:
  // The system asks a peer that takes no more at least every two minutes whether it does again.
  static constexpr Duration kLeastWithoutRoom = std::chrono::minutes(5);

  // What the system says at `now`. True if the peer has been silent for `limit` although something
  // was under way to it, as far as the looks at it show.
  bool is_over(const uv::Delivery& delivery, Duration limit, TimePoint now);

 private:
  TimePoint since_ = kNever;  // the first look that found something under way, or a later answer
};

}  // namespace throttle::proxy
