// The machine's clocks: the monotonic one is the loop's, so times of events can be compared.
#include "libthrottle/journal/journal_clock.h"

#include <chrono>

#include "libthrottle/uv/clock.h"

namespace throttle::journal {

namespace {

class SystemClock final : public JournalClock {
 public:
  TimePoint steady() const noexcept override { return uv::now(); }
  std::int64_t wall_us() const noexcept override {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return duration_cast<microseconds>(since_1970).count();
  }
};

}  // namespace

const JournalClock& system_clock() noexcept {
  static const SystemClock kClock;
  return kClock;
}

}  // namespace throttle::journal
