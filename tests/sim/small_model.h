// A world small enough to try everything in it: three peers that are alike, a semaphore "A" of
// level 0 and a semaphore "B" of level 1, counts of 1 and 2, and a clock that ticks twice in a
// life.
//
// One world is played again and again, for a fresh ledger costs more than a dozen steps: restart()
// sends everybody away. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/testing/checked_ledger.h"

namespace throttle::testing {

class SmallModel {
 public:
  enum class Action : std::uint8_t {
    kNew,
    kAcquire,
    kRelease,
    kRemove,
    kHeartbeat,
    kRestore,
    kTick,  // nobody's
  };
  struct Event {
    Action action = Action::kTick;
    std::uint8_t peer = 0;
    std::uint8_t semaphore = 0;
    std::uint8_t count = 0;
  };

  // Both semaphores have this full count.
  explicit SmallModel(Count full_count);

  void restart();
  // Does what was proven before.
  void repeat(std::span<const Event> events);
  // Does one event under proof; false at a violation.
  bool prove(const Event& event);
  const std::string& violation() const { return ledger_.violation(); }

  // What may happen next. Of peers that are not there one speaks for all: they are alike.
  std::vector<Event> possible_events() const;
  // Equal for worlds that differ only in the names of their peers, in what time it is, and in the
  // numbers of tokens. Whether a lease has a token at all is part of it: a restored one has none.
  std::string fingerprint() const;

 private:
  void play(const Event& event);
  void restore(const Event& event);
  bool is_there(std::uint8_t peer) const { return ledger_.twin().contains(ids_[peer]); }

  CheckedLedger ledger_;
  TimePoint now_;
  std::array<PeerId, 3> ids_{};
};

std::string text_of(std::span<const SmallModel::Event> events);

}  // namespace throttle::testing
