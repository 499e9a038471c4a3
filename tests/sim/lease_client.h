// A client as the published ones are: it makes a peer, takes locks from high to low, works, gives
// them back, sends heartbeats all the while, and when the server does not know it any more it
// reports what it holds.
//
// It knows only what arrives: after a lost answer it may believe less than the server does. One
// that crashes is simply destroyed; what it held is for the server to notice. Threads: one at a
// time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/weather.h"

namespace throttle::testing {

class LeaseClient {
 public:
  explicit LeaseClient(World& world) : world_(&world) {}

  // Does what there is to do at this time. With no more work it finishes what it began.
  void step(bool more_work);
  bool is_idle() const { return plan_.empty(); }
  std::optional<PeerId> peer() const { return peer_; }
  // How much it believes to hold.
  Count believes_to_hold(const std::string& semaphore) const;

 private:
  struct Lock {
    std::string semaphore;
    Count count = 0;
  };
  enum class Heard { kYes, kNo };

  void make_plan();
  Heard make_peer();
  void send_heartbeat();
  void acquire_next();
  void give_back();
  void restore();
  void give_up();
  void forget();

  World* world_;
  std::vector<Lock> plan_;  // what it works through: the first held_ of them it believes to hold
  std::size_t held_ = 0;
  std::optional<PeerId> peer_;
  Duration time_to_live_{};
  TimePoint next_heartbeat_;
  TimePoint next_ask_;
  std::optional<TimePoint> works_until_;
};

}  // namespace throttle::testing
