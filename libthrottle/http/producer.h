// A body that is written piece by piece, so that no answer is ever whole in memory and none holds
// the loop for long.
//
// The server asks a producer for its next piece when the client has taken the last one. Between two
// pieces anything may happen: what a producer walks over changes, so it keeps a cursor and no
// pointers. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libthrottle/core/time.h"

namespace throttle::http {

// How long a piece should be, roughly. A piece may be longer by its last entry.
inline constexpr std::size_t kPieceBytes = 64 * 1024;

class Producer {
 public:
  enum class Progress : std::uint8_t {
    kMore,  // ask again once this piece is taken
    kWait,  // nothing more for now: the server's resume() says when to ask again
    kEnd,   // that was the last piece
  };

  Producer() = default;
  // The body is complete, the client left, or the server stops. Calls nobody.
  virtual ~Producer() = default;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Appends the next piece to `out`: up to about kPieceBytes, and no more than a millisecond of
  // work. May append nothing, for example when a slice of a walk found nothing. Not after kEnd.
  virtual Progress produce(std::string& out, TimePoint now) = 0;
};

}  // namespace throttle::http
