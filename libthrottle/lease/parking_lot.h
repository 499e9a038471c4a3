// Requests that are answered later, found by their exchange, by their peer, and by their deadline.
//
// Idea: entries in a slab; one hash look-up finds an exchange, one finds the line of a peer's
// entries (a retried request parks beside the first), and a heap orders the deadlines.
// Invariants: an entry is in all three; a line is in the order of arrival and never empty.
// Cost: park and take O(log n) for the deadline, all else O(1); 150 to 190 bytes an entry.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libthrottle/core/deadline_queue.h"
#include "libthrottle/core/hash.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/core/slot_list.h"
#include "libthrottle/http/message.h"
#include "libthrottle/lease/answers.h"

namespace throttle::lease {

// A request that waits until nothing of its peer is pending.
struct Parked {
  http::ExchangeId exchange = 0;
  PeerId peer = 0;
  // Of the named lock, where the peer holds that and waits for another one; 0 if it has no token.
  std::optional<FencingToken> held_token = {};
  Generation generation = Generation::kCurrent;
};

class ParkingLot {
 public:
  // The exchange is not parked yet. At `deadline` it becomes due.
  void park(const Parked& parked, TimePoint deadline);

  // Each takes one out, or finds none.
  std::optional<Parked> take(http::ExchangeId exchange);
  // The oldest one of this peer.
  std::optional<Parked> take_oldest(PeerId peer);
  // One whose deadline is at `now` or before, earliest first.
  std::optional<Parked> take_due(TimePoint now);

  std::size_t size() const { return by_exchange_.size(); }
  // When take_due() may first find one; never later than that. kNever if empty.
  TimePoint next_deadline() const { return deadlines_.next(); }

 private:
  struct Entry {
    Parked parked;
    SlotLinks links;  // of the same peer
  };

  struct PeerHash {
    std::size_t operator()(PeerId peer) const noexcept {
      return static_cast<std::size_t>(mix64(peer));
    }
  };

  Parked take_slot(Slot slot);

  Slab<Entry> entries_;
  std::unordered_map<http::ExchangeId, Slot> by_exchange_;
  std::unordered_map<PeerId, SlotList, PeerHash> by_peer_;
  DeadlineQueue deadlines_;  // by Slot
};

}  // namespace throttle::lease
