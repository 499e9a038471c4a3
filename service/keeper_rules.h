// When the keeper, the thread that outlives a hung loop, has to end the process: nothing sticks.
//
// Times are those of a clock that does not run while the machine sleeps.
// Threads: one at a time; the owner holds its mutex.
#pragma once

#include <cstdint>

#include "libthrottle/core/time.h"

namespace throttle::service {

enum class KeeperVerdict : std::uint8_t {
  kAllWell,
  kHungStop,  // report STOPPED and end the process: what was asked for
  kHungLoop,  // end it without a report, so that recovery sees a crash and restarts it
};

class KeeperRules {
 public:
  static constexpr Duration kStopGrace = std::chrono::seconds(10);  // beyond the drain timeouts
  static constexpr Duration kLoopLimit = std::chrono::minutes(1);

  // The loop has turned. From the first one on it is watched.
  void on_turn(TimePoint now);
  // A stop was asked for or has begun, which may drain for `longest_drain`; the first one counts.
  void on_stop(TimePoint now, Duration longest_drain);
  // The drain that is known now, once the application says its real deadline.
  void on_deadline(TimePoint drain_deadline);

  KeeperVerdict verdict(TimePoint now) const;

 private:
  TimePoint turned_ = kNever;  // until the loop has turned once
  TimePoint stop_limit_ = kNever;
};

}  // namespace throttle::service
