// Two limits: of a stop, and of a loop that does not turn. While it stops, only the first counts.
#include "service/keeper_rules.h"

namespace throttle::service {

void KeeperRules::on_turn(TimePoint now) {
  turned_ = now;
}

void KeeperRules::on_stop(TimePoint now, Duration longest_drain) {
  if (stop_limit_ == kNever)
    stop_limit_ = saturating_add(saturating_add(now, longest_drain), kStopGrace);
}

void KeeperRules::on_deadline(TimePoint drain_deadline) {
  stop_limit_ = saturating_add(drain_deadline, kStopGrace);
}

KeeperVerdict KeeperRules::verdict(TimePoint now) const {
  if (stop_limit_ != kNever)
    return now >= stop_limit_ ? KeeperVerdict::kHungStop : KeeperVerdict::kAllWell;
  const bool hangs = turned_ != kNever && now >= saturating_add(turned_, kLoopLimit);
  return hangs ? KeeperVerdict::kHungLoop : KeeperVerdict::kAllWell;
}

}  // namespace throttle::service
