#include "libthrottle/lease/parking_lot.h"

#include "libthrottle/core/check.h"

namespace throttle::lease {

void ParkingLot::park(const Parked& parked, TimePoint deadline) {
  const Slot slot = entries_.allocate();
  const bool added = by_exchange_.try_emplace(parked.exchange, slot).second;
  THROTTLE_CHECK(added);
  Line& line = by_peer_[parked.peer];
  entries_[slot] = {.parked = parked, .older = line.newest};
  (line.newest == kNoSlot ? line.oldest : entries_[line.newest].newer) = slot;
  line.newest = slot;
  deadlines_.insert(slot, deadline);
}

std::optional<Parked> ParkingLot::take(http::ExchangeId exchange) {
  const auto found = by_exchange_.find(exchange);
  if (found == by_exchange_.end()) return std::nullopt;
  return take_slot(found->second);
}

std::optional<Parked> ParkingLot::take_concerned(PeerId peer, std::uint64_t event) {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return std::nullopt;
  const Slot oldest = found->second.oldest;
  if (entries_[oldest].parked.first_news > event) return std::nullopt;
  return take_slot(oldest);
}

std::optional<Parked> ParkingLot::take_due(TimePoint now) {
  const auto slot = deadlines_.pop_due(now);
  if (!slot) return std::nullopt;
  return take_slot(*slot);
}

Parked ParkingLot::take_slot(Slot slot) {
  const Entry entry = entries_[slot];
  const auto line = by_peer_.find(entry.parked.peer);
  (entry.older == kNoSlot ? line->second.oldest : entries_[entry.older].newer) = entry.newer;
  (entry.newer == kNoSlot ? line->second.newest : entries_[entry.newer].older) = entry.older;
  if (line->second.oldest == kNoSlot) by_peer_.erase(line);
  by_exchange_.erase(entry.parked.exchange);
  deadlines_.erase(slot);
  entries_.release(slot);
  return entry.parked;
}

}  // namespace throttle::lease
