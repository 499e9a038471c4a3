// The lease ledger: semaphores, the peers that hold leases on them, and the queues of the requests
// that wait. Every rule of fairness, expiry and hierarchy is decided here.
//
// Idea. Sums are cached in each semaphore, waiters are in a linked queue, peers in a hash table
// with all that is asked for often in one cache line each, deadlines in a timer wheel that is
// re-armed lazily. So a heartbeat and an acquire cost O(1), and freeing a place costs O(grants),
// whatever the number of peers.
//
// Time. Each operation receives the time. It first removes the peers whose time is over, then
// decides, then removes again, so that a life of 0 ms ends with the very request that asked for it.
// Time never runs backwards inside: an earlier `now` counts as the latest one seen.
//
// Reports. An operation returns its own decision; what it did to others (grants, expiries) is
// appended to events(), which the caller reads and clears.
//
// Threads: one thread at a time; the ledger has no lock, no clock, no I/O.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/ledger_cursor.h"
#include "libthrottle/core/ledger_event.h"
#include "libthrottle/core/ledger_types.h"

namespace throttle {

class LedgerState;
class Semaphore;

class LeaseLedger {
 public:
  struct Options {
    std::uint64_t seed = 0;    // of the peer ids
    TimePoint start{};         // the instant at which the ledger begins
    std::int64_t wall_ms = 0;  // the same instant in ms since 2025-01-01 UTC, for fencing tokens
    Duration startup_grace{};  // nothing is granted before start + this, so that the clients of a
                               // restarted server can restore first
    // An operation that comes more than this after next_deadline() was woken late: the process was
    // stopped or too busy to read what its clients sent. Then no peer is removed for
    // kSparedAfterLateWake (kWokenLate), so that their renewals are read first.
    Duration wake_tolerance = kForever;
  };

  static constexpr Duration kSparedAfterLateWake = std::chrono::seconds(2);

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

  // Whether another peer can be added. False only while the system gives no memory for more of
  // them: then add_peer() and restore() must not be called for a new one, and enroll() answers
  // kQueueFull.
  bool has_room() const;
  PeerId add_peer(TimePoint now, PeerSpec spec);
  // Moves the deadline to now + time_to_live, earlier or later. A peer whose lease has a hold limit
  // keeps its deadline, as does one that was enrolled with Renewals::kIgnored.
  Presence heartbeat(TimePoint now, PeerId peer, Duration time_to_live);
  // Ends all its leases and its waiting. Repeating it changes nothing. `cause` is what the events
  // say: kForced for an operator who ends what is not his own.
  Presence remove_peer(TimePoint now, PeerId peer, Cause cause = Cause::kReleased);

  // The peer ends `span` from now, or at its deadline if that is earlier, and nothing prolongs it:
  // an operator ends what is not his own (kForced), and its client has time to notice.
  Presence end_within(TimePoint now, PeerId peer, Duration span);
  // A restore of this id is refused until now + span; the peer itself, if it is there, stays.
  // False, and nothing is done, if kMostBarred others are.
  [[nodiscard]] bool bar(TimePoint now, PeerId peer, Duration span);
  static constexpr std::size_t kMostBarred = 10'000;

  AcquireOutcome acquire(TimePoint now, const AcquireRequest& request);
  AcquireOutcome enroll(TimePoint now, EnrollRequest request);
  ReleaseStatus release(TimePoint now, PeerId peer, std::string_view semaphore,
                        Cause cause = Cause::kReleased);
  RestoreStatus restore(TimePoint now, RestoreRequest request);
  // The peer's life ends at now + hold, to the tick, and nothing prolongs it: the time-to-live of a
  // connection, which begins when its preparations are over. Replaces an earlier hold limit.
  Presence limit_hold(TimePoint now, PeerId peer, Duration hold);

  // Nothing is granted on this semaphore until every pause() was followed by a resume(); a request
  // that waits keeps its place. For callers that need it to run empty, for example to restart what
  // is behind it. A name that is not known is no error. A reload changes nothing about it.
  void pause(std::string_view semaphore);
  void resume(TimePoint now, std::string_view semaphore);
  // The same for every semaphore, also for those that are configured later. Counted apart from
  // pause() and resume() of a single one: both kinds have to be over.
  void pause_all();
  void resume_all(TimePoint now);

  // Replaces the label of a peer (kLabelled if it differs); an unknown peer is no error.
  void set_label(PeerId peer, std::string_view label);

  // Removes the peers whose time is over and returns how many went.
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
  // Empty for kNoSemaphore, and for an index that no event had.
  std::string_view semaphore_name(SemaphoreIndex index) const;
  // The peers that wait for it, in the order in which they would be served if nobody came or left.
  std::vector<PeerId> queue(std::string_view semaphore) const;
  std::vector<SemaphoreState> semaphores() const;  // in the order of their names
  std::size_t peer_count() const;
  std::optional<PeerState> peer(PeerId peer) const;

  // Walks in slices, so that a caller can do something else in between. Each visits at most `most`
  // peers, looks at no more than that many places, and returns where the next slice begins. A walk
  // begins with a fresh cursor and is over when the cursor has ended().
  //
  // A peer that is there throughout the walk is visited exactly once, one that is added or removed
  // meanwhile at most once. `visit` must not change the ledger, nor ask it for a peer.
  using PeerVisitor = std::function<void(const PeerState&)>;
  // All peers, in no order. The holders of one semaphore are those whose leases name it.
  PeerCursor visit_peers(PeerCursor from, std::size_t most, const PeerVisitor& visit) const;
  // The peers that wait for one semaphore, in the order in which they would be served (`pending` is
  // their request). If the waiter where a slice would begin has left meanwhile, the slice looks for
  // its place from the front, which counts as looking. The first slice of a kFair queue costs
  // O(waiters), a few ns each: it notes the order, which no later slice could find again.
  QueueCursor visit_queue(std::string_view semaphore, QueueCursor from, std::size_t most,
                          const PeerVisitor& visit) const;

  // Proves that the parts sum up to the whole: cached sums, queues, deadlines, no head that fits
  // and waits. Returns the first violation, empty if none. O(everything): for tests.
  std::string check() const;

 private:
  // Before the first waiter of a queue.
  static QueueCursor begin_queue(const LedgerState& state, const Semaphore& semaphore);

  std::unique_ptr<LedgerState> state_;
  mutable std::vector<LeaseState> described_leases_;  // of the latest peer()
};

}  // namespace throttle
