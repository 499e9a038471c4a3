// Peer ids that may not be restored before a time: what an operator ended is to stay ended.
//
// There are kMost at a time; those whose time is over make room. Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>

#include "libthrottle/core/ledger_types.h"

namespace throttle {

class BarredIds {
 public:
  static constexpr std::size_t kMost = 10'000;

  // Never makes a bar shorter. False: kMost others are barred.
  bool add(PeerId id, TimePoint until, TimePoint now) {
    if (ids_.size() >= kMost && !ids_.contains(id)) {
      std::erase_if(ids_, [now](const auto& each) { return each.second <= now; });
      if (ids_.size() >= kMost) return false;
    }
    TimePoint& end = ids_.try_emplace(id, until).first->second;
    end = std::max(end, until);
    return true;
  }
  bool has(PeerId id, TimePoint now) const {
    const auto found = ids_.find(id);
    return found != ids_.end() && found->second > now;
  }

 private:
  std::map<PeerId, TimePoint> ids_;
};

}  // namespace throttle
