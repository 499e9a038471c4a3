// Keeps three indexes of one slab in step: by exchange, by peer, by deadline. take_slot() is the
// only way out.
#include "libthrottle/lease/parking_lot.h"

#include "libthrottle/core/check.h"

namespace throttle::lease {

void ParkingLot::park(const Parked& parked, TimePoint deadline) {
  THROTTLE_CHECK(parked.exchange != 0);
  const Slot slot = entries_.allocate();
  const bool added = by_exchange_.try_emplace(parked.exchange, slot).second;
  THROTTLE_CHECK(added);
  entries_[slot].parked = parked;
  by_peer_[parked.peer].append(entries_, slot);
  deadlines_.insert(slot, deadline);
}

std::optional<Parked> ParkingLot::take(http::ExchangeId exchange) {
  const auto found = by_exchange_.find(exchange);
  if (found == by_exchange_.end()) return std::nullopt;
  return take_slot(found->second);
}

std::optional<Parked> ParkingLot::take_oldest(PeerId peer) {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return std::nullopt;
  THROTTLE_CHECK(!found->second.empty());
  return take_slot(found->second.oldest());
}

std::optional<Parked> ParkingLot::take_due(TimePoint now) {
  const auto slot = deadlines_.pop_due(now);
  if (!slot) return std::nullopt;
  return take_slot(*slot);
}

Parked ParkingLot::take_slot(Slot slot) {
  const Parked parked = entries_[slot].parked;
  const auto line = by_peer_.find(parked.peer);
  THROTTLE_CHECK(line != by_peer_.end());
  line->second.remove(entries_, slot);
  if (line->second.empty()) by_peer_.erase(line);
  const std::size_t erased = by_exchange_.erase(parked.exchange);
  THROTTLE_CHECK(erased == 1);
  deadlines_.erase(slot);
  entries_.release(slot);
  return parked;
}

}  // namespace throttle::lease
