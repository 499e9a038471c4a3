// The settings of the stream of events, as the table [events] has them. Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>

#include "libthrottle/core/time.h"

namespace throttle::pages {

struct EventSettings {
  std::size_t max_streams = 16;  // at a time; a further one is answered 503
  std::size_t backlog = 16'384;  // the latest events, kept for streams that resume or are slow
  std::size_t buffer_bytes = std::size_t{64} * 1024;  // written ahead for one client
  Duration keep_alive = std::chrono::seconds(15);     // silence before a comment is written

  bool operator==(const EventSettings&) const = default;
};

}  // namespace throttle::pages
