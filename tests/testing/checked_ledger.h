// The real ledger under proof: each operation goes to it and to its naive twin, which must answer
// the same, report the same and look the same afterwards; a witness checks the invariants from the
// events; and the ledger's own check() must find nothing.
//
// The first violation stays in violation(). Threads: one at a time.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "tests/testing/ledger_picture.h"
#include "tests/testing/ledger_witness.h"
#include "tests/testing/naive_ledger.h"

namespace throttle::testing {

class CheckedLedger {
 public:
  explicit CheckedLedger(const LeaseLedger::Options& options = {});

  // The operations of LeaseLedger.
  void configure(TimePoint now, std::span<const SemaphoreSettings> settings);
  PeerId add_peer(TimePoint now, const PeerSpec& spec);
  Presence heartbeat(TimePoint now, PeerId peer, Duration time_to_live);
  Presence remove_peer(TimePoint now, PeerId peer, Cause cause = Cause::kReleased);
  AcquireOutcome acquire(TimePoint now, const AcquireRequest& request);
  AcquireOutcome enroll(TimePoint now, const EnrollRequest& request);
  ReleaseStatus release(TimePoint now, PeerId peer, std::string_view semaphore,
                        Cause cause = Cause::kReleased);
  RestoreStatus restore(TimePoint now, const RestoreRequest& request);
  Presence limit_hold(TimePoint now, PeerId peer, Duration hold);
  Presence end_within(TimePoint now, PeerId peer, Duration span);
  bool bar(TimePoint now, PeerId peer, Duration span);
  void pause(std::string_view semaphore);
  void resume(TimePoint now, std::string_view semaphore);
  void set_label(PeerId peer, std::string_view label);
  std::size_t advance(TimePoint now);

  // Whether each step is proven, or merely done: what was proven before need not be again.
  enum class Proof { kEachStep, kSuspended };
  void set_proof(Proof proof) { proof_ = proof; }

  // Of the latest operation.
  std::span<const LedgerEvent> events() const { return events_; }
  // To ask questions of.
  const LeaseLedger& ledger() const { return real_; }
  const NaiveLedger& twin() const { return twin_; }
  LedgerPicture picture() const { return picture_of_ledger(real_); }

  // What went wrong first, with the states of both; empty if nothing did.
  const std::string& violation() const { return violation_; }
  // Operations since the start.
  std::size_t steps() const { return steps_; }

 private:
  // The events of the real one's operation, and with them its choices, for the twin to follow.
  void hear(PeerId drawn);
  // The step is done on both sides.
  void conclude(const LedgerWitness::Step& step);
  void prove();
  void compare_events();
  void compare_pictures();
  void compare_queues();
  void check_lateness();
  void accuse(const std::string& what);
  template <typename Answer>
  void compare_answers(const Answer& real, const Answer& twin);

  LeaseLedger real_;
  NaiveLedger twin_;
  LedgerWitness witness_;
  std::vector<LedgerEvent> events_;
  Duration wake_tolerance_;
  TimePoint promised_;  // when the ledger wanted to be woken, after the latest step
  Proof proof_ = Proof::kEachStep;
  std::string violation_;
  std::size_t steps_ = 0;
};

}  // namespace throttle::testing
