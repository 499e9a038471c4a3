// Doors without sockets that share semaphores with jobs over HTTP, on the real ledger and hub, in a
// bad weather that comes from one seed: clients arrive, send, half-close and leave; hooks, dials
// and relays end; peers of connections are prolonged, released and deleted over HTTP; limits
// change; recyclings begin; and the loop is busy now and then, so that time passes within a call.
//
// A turn is that of LedgerRuntime: something happens, and then the hub settles, once. In the order
// of old each change settled at once, within the call that made it. Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "libthrottle/core/ledger_hub.h"
#include "tests/sim/fake_door.h"

namespace throttle::testing {

class GateWorld {
 public:
  enum class Order : std::uint8_t {
    kOnceATurn,
    kWithinEachChange,  // as it was; has crashed the server
  };

  GateWorld(std::uint64_t seed, Order order);
  ~GateWorld();
  GateWorld(const GateWorld&) = delete;
  GateWorld& operator=(const GateWorld&) = delete;

  // --- for the test ---

  void turn();
  // Nobody arrives any more, and what is under way ends.
  void make_peace();
  bool is_over() const;
  const std::string& violation() const { return violation_; }
  std::size_t admissions() const { return admissions_; }

  // --- for the doors ---

  LeaseLedger& ledger() { return ledger_; }
  LedgerHub& hub() { return hub_; }
  TimePoint clock();
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool happens(unsigned percent) { return below(100) < percent; }
  // Something was done to the ledger.
  void changed();
  void accuse(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }
  std::uint16_t new_client() { return ++clients_; }
  // The client's connection is over, which its door reports once.
  void answered(std::uint16_t client);
  void admitted(const std::string& semaphore, const gate::Visit& visit);

 private:
  void settle();
  void act();
  void act_on(FakeDoor& door);
  void act_over_http();
  void configure();
  void check();
  PeerId any_peer();

  std::mt19937_64 random_;
  const Order order_;
  TimePoint now_;
  LeaseLedger ledger_;
  LedgerHub hub_{ledger_};
  bool settling_ = false;
  bool peace_ = false;
  std::string violation_;
  std::vector<Count> limits_;
  std::vector<Count> most_;  // that may be acquired at the end of this turn
  std::vector<std::unique_ptr<FakeDoor>> doors_;
  std::vector<PeerId> jobs_;
  std::uint16_t clients_ = 0;
  std::map<std::uint16_t, int> answers_;
  std::map<std::string, TimePoint> latest_enrolment_;  // of the visitors that were admitted
  std::size_t admissions_ = 0;
};

}  // namespace throttle::testing
