// The whole body of a response, also of one that is written in pieces. For tests.
#pragma once

#include <string>

#include "libthrottle/http/message.h"

namespace throttle::http::testing {

// Asks the producer, if there is one, until it ends, and puts what it wrote into the body.
inline void make_whole(Response& response, TimePoint now) {
  if (response.producer == nullptr) return;
  while (response.producer->produce(response.body, now) != Producer::Progress::kEnd) {
  }
  response.producer.reset();
}

}  // namespace throttle::http::testing
