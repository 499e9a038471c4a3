// The deliberately naive twin of the lease ledger: a list of peers, and everything else recomputed
// from it whenever it is asked. It is the reference that the real one is compared with, written
// from the contract (docs/design/0001-ledger.md) and for clarity alone; it shares only the types.
//
// Same operations, same outcomes, same events. What the contract leaves open (which id is drawn,
// which of two semaphores is served first) it does not decide: it follows the choices of the
// real one (follow()). A value: copy it to try something. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/lease_ledger.h"

namespace throttle::testing {

class NaiveLedger {
 public:
  // What the contract leaves to the ledger.
  struct Choices {
    PeerId drawn = 0;                    // the id that the operation gives a new peer
    std::vector<SemaphoreIndex> grants;  // the semaphores of its grants, in their order
    // How late the operation comes, if that is too late: the ledger may ask to be woken earlier
    // than is necessary.
    std::optional<Duration> late_by = {};
  };

  explicit NaiveLedger(const LeaseLedger::Options& options = {});

  // For the operation that comes next. A choice that is not open is ignored.
  void follow(Choices choices) { choices_ = std::move(choices); }

  void configure(TimePoint now, std::span<const SemaphoreSettings> settings);
  PeerId add_peer(TimePoint now, const PeerSpec& spec);
  Presence heartbeat(TimePoint now, PeerId id, Duration time_to_live);
  Presence remove_peer(TimePoint now, PeerId id, Cause cause);
  AcquireOutcome acquire(TimePoint now, const AcquireRequest& request);
  AcquireOutcome enroll(TimePoint now, const EnrollRequest& request);
  ReleaseStatus release(TimePoint now, PeerId id, std::string_view semaphore, Cause cause);
  RestoreStatus restore(TimePoint now, const RestoreRequest& request);
  Presence limit_hold(TimePoint now, PeerId id, Duration hold);
  Presence end_within(TimePoint now, PeerId id, Duration span);
  bool bar(TimePoint now, PeerId id, Duration span);
  void pause(std::string_view semaphore);
  void resume(TimePoint now, std::string_view semaphore);
  void set_label(PeerId id, std::string_view label);
  std::size_t advance(TimePoint now) { return begin(now); }
  // Exactly when something is due; the real one may say an earlier time.
  TimePoint next_deadline() const;

  std::span<const LedgerEvent> events() const { return events_; }
  void clear_events() { events_.clear(); }

  bool contains(PeerId id) const { return position_of(id).has_value(); }
  std::optional<bool> is_acquired(PeerId id) const;
  std::optional<Count> remainder(std::string_view semaphore) const;
  std::vector<SemaphoreState> semaphores() const;
  std::size_t peer_count() const { return peers_.size(); }
  void visit_peers(const std::function<void(const PeerState&)>& visit) const;
  TimePoint now() const { return now_; }
  // The peers that wait, in the order of arrival.
  std::vector<PeerId> queue(std::string_view semaphore) const;
  // Whether no renewal moves the end of the peer.
  bool is_limited(PeerId id) const;

 private:
  using Position = std::size_t;  // in peers_

  struct Semaphore {
    SemaphoreSettings settings;
    bool configured = true;
    std::uint64_t granted = 0;
    std::size_t pauses = 0;
    std::vector<IpAddress> round;  // kFair: clients that wait, the next to be served first
    Count excess = 0;              // as reported
    TimePoint excess_since = {};
  };
  struct Lease {
    SemaphoreIndex semaphore = 0;
    Count count = 0;
    FencingToken token = 0;
    TimePoint since;
  };
  struct Wait {
    SemaphoreIndex semaphore = 0;
    Count count = 0;
    TimePoint since;
    std::uint64_t arrival = 0;
    TimePoint dropped_at = kNever;
    Duration hold = kForever;
    Oversize oversize = Oversize::kRefused;
  };
  struct Peer {
    PeerId id = 0;
    SocketAddress address;
    std::string label;
    TimePoint expiry = kNever;
    bool is_fixed = false;                     // no renewal moves its deadline
    std::optional<TimePoint> hold_end = {};    // once it has one, it is not renewed any more
    std::optional<TimePoint> forced_end = {};  // nor then
    std::vector<Lease> leases = {};
    std::optional<Wait> wait = {};

    TimePoint removal() const {
      return std::min(forced_end.value_or(expiry), hold_end.value_or(kNever));
    }
  };

  // --- what can be asked of the list ---
  std::optional<Position> position_of(PeerId id) const;
  Semaphore* ever_configured(std::string_view name);
  std::optional<SemaphoreIndex> index_of(std::string_view name) const;
  std::optional<SemaphoreIndex> configured_index(std::string_view name) const;
  bool is_leased(SemaphoreIndex semaphore) const;
  static const Lease* lease_of(const Peer& peer, SemaphoreIndex semaphore);
  Count acquired(SemaphoreIndex semaphore) const;
  Count remainder_of(SemaphoreIndex semaphore) const;
  Count excess_of(SemaphoreIndex semaphore) const;
  std::vector<Position> waiting_for(SemaphoreIndex semaphore) const;  // in the order of arrival
  std::optional<Position> head_of(SemaphoreIndex semaphore) const;
  static IpAddress client_of(const Peer& peer);
  std::optional<std::int32_t> lowest_level(const Peer& peer) const;
  std::optional<Cause> why_never_served(const Peer& peer) const;
  bool never_fits(SemaphoreIndex semaphore, Count count, Oversize oversize) const;
  bool grace_is_over() const;
  bool grants_open(SemaphoreIndex semaphore) const;
  bool granted_on_arrival(SemaphoreIndex semaphore, Count count) const;
  bool queue_is_full(SemaphoreIndex semaphore) const;
  SemaphoreState describe(SemaphoreIndex semaphore) const;

  // --- what changes it ---
  std::size_t begin(TimePoint now);
  void notice_lateness();
  std::size_t let_time_pass(TimePoint to);
  std::size_t remove_all_due(TimePoint to);
  bool remove_next_due();
  bool drop_next_overdue_wait();
  bool grant_next();
  void renew_round(SemaphoreIndex semaphore);
  void remove(Position position, Cause cause);
  void drop_wait(Peer& peer, Cause cause);
  void end_lease(Peer& peer, SemaphoreIndex semaphore, Cause cause);
  // `peer` is the one that it is about, if there is one that is known.
  void report(LedgerEvent event, const Peer* peer = nullptr);
  void report_settings(SemaphoreIndex semaphore);
  void report_excess(SemaphoreIndex semaphore, PeerId restored_by);
  Peer& add(PeerId id, const PeerSpec& spec);
  void renew(Peer& peer, Duration time_to_live) const;
  void grant(Peer& peer, const Wait& request);
  AcquireStatus grant_or_queue(Peer& peer, SemaphoreIndex semaphore, Count count,
                               const LeaseLimits& limits);
  AcquireOutcome decide(const AcquireRequest& request);
  AcquireOutcome decide(const EnrollRequest& request);
  RestoreStatus decide(RestoreRequest request);
  RestoreStatus restore_peer(const RestoreRequest& request);
  RestoreStatus confirm(Peer& peer, const RestoreRequest& request) const;
  void restore_lease(Peer& peer, SemaphoreIndex semaphore, Count count);
  void report_refusal(const AcquireOutcome& outcome, std::string_view semaphore, PeerId peer,
                      Count count);
  FencingToken next_token();

  LeaseLedger::Options options_;
  TimePoint now_;
  TimePoint spared_until_ = TimePoint::min();  // no peer is removed before
  std::vector<Semaphore> semaphores_;          // all there ever were; the position is the index
  std::vector<Peer> peers_;                    // in the order in which they came
  std::map<PeerId, TimePoint> barred_;
  std::uint64_t arrivals_ = 0;
  FencingToken last_token_ = 0;
  Choices choices_;
  std::vector<LedgerEvent> events_;
};

}  // namespace throttle::testing
