// A gate without its sockets: which visitor is where, what the ledger reported, and what to do
// about it.
//
//   arrive() ──► Arrivals ──► WaitingRoom ──► Visitor::on_admitted() ──► leave()
//
// ThrottledListener puts sockets around it; the seeded simulation drives it without any.
//
// Invariant: a visitor is a peer of the ledger from its enrolment until it is removed; so a place
// cannot leak, and a client that left takes none. No member function calls a visitor or the
// receiver, except where it says so. Threads: the ledger's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libthrottle/gate/arrivals.h"
#include "libthrottle/gate/extra_places.h"
#include "libthrottle/gate/roster.h"
#include "libthrottle/gate/waiting_room.h"

namespace throttle::gate {

class Gate final : WaitingRoom::Receiver {
 public:
  class Receiver {
   public:
    // The visitor ended before it had a place: its client left (Refusal::kNone), or was rejected.
    virtual void on_not_admitted(const Visit& visit, Refusal refusal) noexcept = 0;

   protected:
    ~Receiver() = default;
  };
  using Clock = std::function<TimePoint()>;

  // `hub` and `receiver` outlive the gate. The semaphore of the options is configured.
  Gate(LedgerHub& hub, Clock clock, Options options, Receiver& receiver);
  // No visitor is admitted any more. Removes the others; nobody is called.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // A new visitor, from `client`. May reject it, which is reported.
  void arrive(std::unique_ptr<Visitor> visitor, const SocketAddress& client);
  // The client of a visitor that has no place yet sent something, or will send nothing more. The
  // same.
  void on_received(Visitor& visitor);
  // The client of a visitor that has no place yet left: removes it, and reports that.
  void on_left(Visitor& visitor);

  // For the owner of a visitor's place. The first two remove the visitor.
  void leave(Visitor& visitor);
  void turn_away(Visitor& visitor, Refusal refusal);
  void limit_hold(const Visitor& visitor, Duration hold);

  // Rejects visitors whose time is over, and reports that.
  void advance();
  // When advance() next has something to do.
  TimePoint next_deadline() const { return arrivals_.next_deadline(); }

  // For visitors that come from now on, except that extra places are given to those that wait too.
  // The semaphore stays.
  void set_options(Options options);
  const Options& options() const { return options_; }
  // Rejects all visitors that have no place, and reports that. No other may arrive. Once: a later
  // call does nothing.
  void stop();
  bool is_stopped() const { return stopped_; }

  std::size_t visitor_count() const { return roster_.size(); }
  std::size_t waiting_count() const { return roster_.count(Stage::kWaiting); }
  std::size_t admitted_count() const {
    return roster_.count(Stage::kAdmitted) + roster_.count(Stage::kEnded);
  }
  std::vector<WaitingView> waiting() const;  // oldest first
  // The one in the queue that is this peer; none if it is not there or has its place.
  std::optional<Visit> waiting(PeerId peer) const;
  // Visits those that are not in the queue yet, in slices of `most` slots; returns where the next
  // slice begins, 0 after the last one. Begin with 0.
  std::size_t visit_silent(std::size_t from, std::size_t most,
                           const std::function<void(const Visit&)>& visit) const;

  std::string check() const { return roster_.check(); }

 private:
  void on_granted(Visitor& visitor) override;
  void on_wait_ended(Visitor& visitor, Refusal refusal) override { reject(visitor, refusal); }
  void on_place_ended(Visitor& visitor, Cause cause) override { visitor.on_place_ended(cause); }

  bool enroll(Visitor& visitor);
  // Visitors that wait and whose client has a right get the extra places that are free.
  void give_extras();
  void prepare_extras();
  void enter_into_extras();
  void follow(Visitor& visitor, const Arrivals::Decision& decision);
  // Ends the connection, removes the visitor and reports it.
  void reject(Visitor& visitor, Refusal refusal);
  void remove(Visitor& visitor);

  Clock clock_;
  Options options_;
  Receiver& receiver_;
  Roster roster_;
  Arrivals arrivals_;
  WaitingRoom waiting_room_;
  ExtraPlaces extras_;
  LedgerHub& hub_;
  std::optional<WaitingRoom> extra_room_;  // from the first setting of extra_per_client on
  // Of the same: leases of others end there too, and its settings change.
  LedgerHub::Subscription extra_events_;
  bool stopped_ = false;
};

}  // namespace throttle::gate
