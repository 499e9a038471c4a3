// The lease ledger: semaphores, the peers that hold leases on them, and the queues of those who
// wait. Every rule of fairness, expiry and hierarchy is decided here.
//
// Idea. Sums are cached in each semaphore, waiters stand in a linked queue, peers in a hash table
// with all that is asked for often in one cache line each, deadlines in a timer wheel that is
// re-armed lazily. So a heartbeat and an acquire cost O(1), and freeing a place costs O(grants),
// whatever the number of peers.
//
// Time. Each operation is told the time. It first removes whoever's time is over, then decides,
// then removes again, so that a life of 0 ms ends with the very request that asked for it. Time
// never runs backwards inside: an earlier `now` counts as the latest one seen.
//
// Reports. An operation returns its own decision; what it did to others (grants, expiries) is
// appended to events(), which the caller reads and clears.
//
// Threads: one thread at a time; the ledger has no lock, no clock, no I/O.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/ledger_event.h"
#include "libthrottle/core/ledger_types.h"

namespace throttle {

class LeaseLedger {
 public:
  struct Options {
    std::uint64_t seed = 0;    // of the peer ids
    TimePoint start{};         // the instant at which the ledger begins
    std::int64_t wall_ms = 0;  // the same instant in ms since 2025-01-01 UTC, for fencing tokens
    Duration startup_grace{};  // nothing is granted before start + this, so that the clients of a
                               // restarted server can restore first
  };

  LeaseLedger();  // default options
  explicit LeaseLedger(const Options& options);
  ~LeaseLedger();
  LeaseLedger(const LeaseLedger&) = delete;
  LeaseLedger& operator=(const LeaseLedger&) = delete;

  // Makes `semaphores` the configured ones: new, resized, or retired (nothing new is granted;
  // leases live on until they end). Waiters that can never be served now leave their queue
  // (kWaitEnded). Names are unique. No lease is dropped; nothing is granted any more by the old
  // settings, not even what became free before `now`.
  void configure(TimePoint now, std::span<const SemaphoreSettings> semaphores);

  PeerId add_peer(TimePoint now, PeerSpec spec);
  // Moves the deadline to now + time_to_live, earlier or later. A peer whose lease has a hold limit
  // keeps its deadline.
  Presence heartbeat(TimePoint now, PeerId peer, Duration time_to_live);
  // Ends all its leases and its waiting. Repeating it changes nothing.
  Presence remove_peer(TimePoint now, PeerId peer);

  AcquireOutcome acquire(TimePoint now, const AcquireRequest& request);
  AcquireOutcome enroll(TimePoint now, EnrollRequest request);
  ReleaseStatus release(TimePoint now, PeerId peer, std::string_view semaphore);
  RestoreStatus restore(TimePoint now, RestoreRequest request);
  // The peer's life ends at now + hold, to the tick, and nothing prolongs it: the time-to-live of a
  // connection, which begins when its preparations are over. Replaces an earlier hold limit.
  Presence limit_hold(TimePoint now, PeerId peer, Duration hold);

  // Nothing is granted on this semaphore until every pause() was followed by a resume(); who waits
  // keeps its place. For whoever needs it to run empty, to restart what is behind it say. A name
  // that is not known is no error. A reload changes nothing about it.
  void pause(std::string_view semaphore);
  void resume(TimePoint now, std::string_view semaphore);

  // Replaces the label of a peer; an unknown peer is no error.
  void set_label(PeerId peer, std::string_view label);

  // Removes whoever's time is over and returns how many peers went.
  std::size_t advance(TimePoint now);
  // When advance() next has something to do; may be earlier than that, never later. kNever if idle.
  TimePoint next_deadline() const;

  std::span<const LedgerEvent> events() const;
  void clear_events();
  // Moves them into `batch`, whose room is used for the next ones.
  void take_events(std::vector<LedgerEvent>& batch);

  // Queries see the state after the latest operation.
  bool contains(PeerId peer) const;
  // Nothing pending; absent if the peer is unknown.
  std::optional<bool> is_acquired(PeerId peer) const;
  // It is known, and neither holds nor awaits anything.
  bool is_idle(PeerId peer) const;
  // Full count less leases, negative after a restore; absent if the semaphore is not configured.
  std::optional<Count> remainder(std::string_view semaphore) const;
  std::optional<SemaphoreState> semaphore(std::string_view name) const;
  std::string_view semaphore_name(SemaphoreIndex index) const;
  // Who waits for it, in the order in which they would be served if nobody came or left.
  std::vector<PeerId> queue(std::string_view semaphore) const;
  std::vector<SemaphoreState> semaphores() const;  // in the order of their names
  std::size_t peer_count() const;
  void visit_peers(const std::function<void(const PeerState&)>& visit) const;

  // Proves that the parts sum up to the whole: cached sums, queues, deadlines, no head that fits
  // and waits. Returns the first violation, empty if none. O(everything): for tests.
  std::string check() const;

  struct State;  // private to core (ledger_state.h)

 private:
  std::unique_ptr<State> state_;
};

}  // namespace throttle
