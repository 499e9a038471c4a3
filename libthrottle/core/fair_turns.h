// Round robin over clients: which of those that wait is next, when each in turn sends one.
//
// Clients take turns in the order in which they came; within a client the order is that of arrival.
// A client that was served goes to the end; one that has nobody waiting any more leaves the round.
// Cost: head O(1), the rest O(log n) of the client's own waiters. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <unordered_map>
#include <utility>

#include "libthrottle/core/address.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/hash.h"

namespace throttle {

class FairTurns {
 public:
  using Slot = std::uint32_t;
  using Arrival = std::uint64_t;  // unique, grows with time

  void add(const IpAddress& client, Arrival arrival, Slot slot) {
    const auto [entry, added] = by_client_.try_emplace(client);
    if (added) entry->second = round_.insert(round_.end(), Turn{});
    const bool is_new = entry->second->waiting.emplace(arrival, slot).second;
    THROTTLE_CHECK(is_new);
  }

  void remove(const IpAddress& client, Arrival arrival) {
    const auto entry = by_client_.find(client);
    THROTTLE_CHECK(entry != by_client_.end());
    const auto turn = entry->second;
    const std::size_t erased = turn->waiting.erase(arrival);
    THROTTLE_CHECK(erased == 1);
    if (!turn->waiting.empty()) return;
    round_.erase(turn);
    by_client_.erase(entry);
  }

  // One of the client's was served: the others come first now.
  void end_turn(const IpAddress& client) {
    const auto entry = by_client_.find(client);
    if (entry != by_client_.end()) round_.splice(round_.end(), round_, entry->second);
  }

  // Calls `visit` with each slot, in the order in which they would be served.
  template <typename Visitor>
  void visit(Visitor visit) const {
    using Position = std::map<Arrival, Slot>::const_iterator;
    std::list<std::pair<Position, Position>> left;
    for (const Turn& turn : round_)
      left.emplace_back(turn.waiting.begin(), turn.waiting.end());
    while (!left.empty()) {
      auto& [next, end] = left.front();
      visit(next->second);
      if (++next == end)
        left.pop_front();
      else
        left.splice(left.end(), left, left.begin());
    }
  }

  bool empty() const { return round_.empty(); }
  // Not if it is empty.
  Slot head() const {
    THROTTLE_CHECK(!empty());
    return round_.front().waiting.begin()->second;
  }

 private:
  struct Turn {
    std::map<Arrival, Slot> waiting;
  };
  std::list<Turn> round_;
  std::unordered_map<IpAddress, std::list<Turn>::iterator, IpAddressHash> by_client_;
};

}  // namespace throttle
