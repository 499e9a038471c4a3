// Believes nothing but the events: from them alone it knows who holds and who waits, and it accuses
// the ledger where that breaks an invariant (docs/design/0001-ledger.md names them) or differs from
// what the ledger says of itself.
//
//   S1 no grant beyond the full count    S5 nobody waits at or above a level it holds
//   S2 sums equal their parts            S7 tokens strictly increase, one is issued once
//   S3 no grant to the dead or the due   S8 nobody goes before its renewal + its time to live
//   S4 queues are served in their order  L1 no head that fits is left waiting
//
// A step is one operation: begin_step, the events it made, end_step. Threads: one at a time.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "libthrottle/core/lease_ledger.h"

namespace throttle::testing {

class LedgerWitness {
 public:
  explicit LedgerWitness(const LeaseLedger::Options& options);

  // What the ledger was asked and agreed to.
  struct Step {
    std::optional<PeerId> asking = {};          // it may be granted something and end at once
    std::optional<TimePoint> lives_until = {};  // the asking peer was renewed
  };
  void begin_step(const Step& step) {
    step_ = step;
    granted_.clear();
  }
  // The step was a configure(): `ledger` has the indices.
  void configured(const LeaseLedger& ledger, std::span<const SemaphoreSettings> settings);
  // A pause or a resume of one that was ever configured.
  void paused(std::string_view semaphore);
  void resumed(std::string_view semaphore);
  void observe(std::span<const LedgerEvent> events);
  void end_step(const LeaseLedger& ledger, TimePoint now);

  // The first accusation, empty if there is none.
  const std::string& violation() const { return violation_; }

 private:
  struct Semaphore {
    SemaphoreSettings settings;
    bool configured = false;
    std::size_t pauses = 0;
    std::deque<PeerId> waiting;  // in the order of arrival
  };
  struct Lease {
    Count count = 0;
    FencingToken token = 0;
  };
  struct Peer {
    TimePoint lives_until;
    std::map<SemaphoreIndex, Lease> leases;
    std::map<SemaphoreIndex, Count> waits;
  };

  void observe(const LedgerEvent& event);
  void peer_removed(const LedgerEvent& event);
  void granted(const LedgerEvent& event);
  void leased(const LedgerEvent& event);
  void wait_ended(const LedgerEvent& event);
  void lease_ended(const LedgerEvent& event);
  Semaphore* find(std::string_view name);
  static std::optional<PeerId> head_of(const Semaphore& semaphore);
  Count held(SemaphoreIndex semaphore) const;
  void check_sums(const LeaseLedger& ledger);
  void check_hierarchy();
  void check_heads();
  // Notes the first accusation unless it `holds`.
  void demand(bool holds, const char* invariant, const char* what, const LedgerEvent& event);
  void demand(bool holds, const char* invariant, const char* what, std::string_view whose);
  void demand(bool holds, const char* invariant, const char* what, PeerId whose);

  TimePoint grants_from_;
  Step step_;
  std::map<SemaphoreIndex, Semaphore> semaphores_;
  std::map<PeerId, Peer> peers_;
  std::set<PeerId> granted_;  // in this step
  FencingToken last_token_ = 0;
  TimePoint now_;
  TimePoint spared_until_ = TimePoint::min();  // a peer may outlive its deadline until then
  std::string violation_;
};

}  // namespace throttle::testing
