// Both clocks of the writer, so that a test can turn them. Threads: any.
#pragma once

#include <cstdint>

#include "libthrottle/core/time.h"

namespace throttle::journal {

class JournalClock {
 public:
  virtual ~JournalClock() = default;
  // The clock of the ledger's events.
  virtual TimePoint steady() const noexcept = 0;
  // Microseconds since 1970 UTC.
  virtual std::int64_t wall_us() const noexcept = 0;
};

// The machine's.
const JournalClock& system_clock() noexcept;

}  // namespace throttle::journal
