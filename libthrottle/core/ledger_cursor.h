// Where a walk over the ledger is between two slices (LeaseLedger::visit_peers, visit_queue).
// A cursor refers to nothing: it may be kept, moved and dropped while the ledger changes.
// Threads: values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace throttle {

class LeaseLedger;

class PeerCursor {
 public:
  bool ended() const { return next_ == kEnd; }

 private:
  friend LeaseLedger;
  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();

  std::size_t next_ = 0;  // the place of the records that is looked at next
};

class QueueCursor {
 public:
  bool ended() const { return phase_ == Phase::kEnded; }

 private:
  friend LeaseLedger;
  enum class Phase : std::uint8_t { kFresh, kOldestFirst, kNewestFirst, kNoted, kEnded };
  // A waiter by its place in memory and its arrival: the place alone may have another one by now.
  struct Mark {
    std::uint32_t slot = 0;
    std::uint64_t arrival = 0;
  };

  Phase phase_ = Phase::kFresh;
  Mark next_;                     // kOldestFirst, kNewestFirst: the waiter that is looked at next
  std::uint64_t to_visit_ = 0;    // kOldestFirst: visit arrivals from here on; kNewestFirst: below
  std::vector<Mark> noted_ = {};  // kNoted: the whole queue in its order
  std::size_t position_ = 0;      // kNoted: in noted_
};

}  // namespace throttle
