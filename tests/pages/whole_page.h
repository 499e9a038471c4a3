// A page that is written in pieces, as one text.
// Threads: one.
#pragma once

#include <string>

#include "libthrottle/http/producer.h"

namespace throttle::pages {

inline std::string whole(http::Producer& page, TimePoint now = {}) {
  std::string text;
  while (page.produce(text, now) != http::Producer::Progress::kEnd) {
  }
  return text;
}

}  // namespace throttle::pages
