// The time of the last answer says nothing by itself: bytes that were sent just now after an hour
// of silence have not been unanswered for an hour. So a silence begins with a look, not before.
#include "libthrottle/proxy/unanswered.h"

#include <algorithm>

namespace throttle::proxy {

bool Unanswered::is_over(const uv::Delivery& delivery, Duration limit, TimePoint now) {
  if (delivery.is_complete) {
    since_ = kNever;
    return false;
  }
  since_ = since_ == kNever ? now : std::max(since_, now - delivery.since_last_word);
  return now - since_ >= (delivery.has_room ? limit : std::max(limit, kLeastWithoutRoom));
}

}  // namespace throttle::proxy
