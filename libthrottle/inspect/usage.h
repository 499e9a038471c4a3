// How much of each semaphore was held in pieces of time: pure, events in, sums out.
//
// Time in which no server ran counts nowhere: from a stop to the next start. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "libthrottle/inspect/moment.h"
#include "libthrottle/journal/queries.h"

namespace throttle::inspect {

// How long requests waited; those that were granted at once count with 0.
class Waits {
 public:
  void add(std::int64_t span_us);
  std::size_t count() const { return spans_.size(); }
  // The least wait that `share` of all do not exceed; 0 if there is none.
  std::int64_t percentile(double share);
  std::int64_t max() const { return max_; }

 private:
  std::vector<float> spans_;  // µs, to seven digits
  std::int64_t max_ = 0;
};

struct Use {
  std::int64_t alive_us = 0;
  double held_us = 0;  // the sum of count × time
  std::int64_t peak = 0;
  std::int64_t full = 0;  // the full count in force last
  std::int64_t at_full_us = 0;
  Waits waits;  // of grants
  std::int64_t refused = 0;

  double mean() const { return alive_us == 0 ? 0 : held_us / static_cast<double>(alive_us); }
};

class Usage {
 public:
  enum class By : std::uint8_t { kHour, kDay, kWeekdayHour };
  struct Key {
    std::int64_t piece = 0;  // its beginning in µs, or weekday × 24 + hour from Sunday
    std::int64_t semaphore_no = 0;
    auto operator<=>(const Key&) const = default;
  };
  Usage(By by, Zone zone) : by_(by), zone_(zone) {}

  // What is so where the events begin.
  void begin(std::int64_t semaphore_no, std::int64_t held, std::int64_t full);
  void add(const journal::EventNumbers& event);
  void add_refusals(std::int64_t semaphore_no, std::int64_t at_us, std::int64_t count);
  // Nothing follows; the last piece ends then.
  void finish(std::int64_t end_us);

  std::map<Key, Use>& uses() { return uses_; }

 private:
  struct State {
    std::int64_t held = 0;
    std::int64_t full = 0;
  };
  void enter_piece(std::int64_t at_us);
  void move_to(std::int64_t at_us);
  void pass(std::int64_t until_us);
  void touch(std::int64_t semaphore_no);
  std::int64_t key_of_piece(std::int64_t at_us) const;

  const By by_;
  const Zone zone_;
  bool begun_ = false;
  bool alive_ = true;
  std::int64_t now_us_ = 0;
  std::int64_t piece_ = 0;
  std::int64_t piece_end_us_ = 0;
  std::map<std::int64_t, State> states_;
  std::map<Key, Use> uses_;
};

}  // namespace throttle::inspect
