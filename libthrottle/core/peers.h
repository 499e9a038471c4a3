// The peers of a ledger: what each one is, what it holds, what it waits for, when its life ends.
//
// Three places. A peer is in all of them from add() to remove():
//
//     table    what an id finds: all that a heartbeat, an acquire and a release touch of a peer
//              with one lease, in one cache line (Peer). It moves when another one comes or goes.
//     record   the rest: address, label, all leases but the newest. Its place never changes, so the
//              wheel and the cursors of walks refer to it.
//     wheel    wakes the ledger up for the record, at the deadline of the peer or earlier. A
//              heartbeat only writes the deadline: the wheel asks for it when the record comes up.
//
// Four kinds of life (Lifetime). No function leads back to the first:
//
//     kRenewable     renew() and prolong() move the deadline; add() makes a peer of this kind
//     kFixed         nothing moves the deadline: fix(), or end_by() a later time
//     kHoldLimited   nothing moves it, and it is a hold limit: end_at(), or end_by() what
//                    is earlier
//     kForced        an operator ended it: end_by_force(). Nothing moves the deadline later
//
// A peer that is due is taken out of the wheel by pop_due(). Its caller ends the leases and the
// wait of the peer and then has to remove() it.
//
// This part knows a semaphore only by its index and a wait only by its slot. The sums of leases and
// the queues are in semaphore.h; LedgerState changes both sides in one move.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/deadline_wheel.h"
#include "libthrottle/core/id_table.h"
#include "libthrottle/core/label.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/core/slot_list.h"

namespace throttle {

using WaiterSlot = Slot;

// What a peer holds of one semaphore.
struct Lease {
  SemaphoreIndex semaphore = 0;
  Count count = 0;
  FencingToken token = 0;
  TimePoint since;
};

// What people see of a peer. Events carry it, so it outlives the peer.
struct PeerIdentity {
  Label label = {};
  SocketAddress address = {};
};

// Whether requests still move the deadline; if not, what the deadline is.
enum class Lifetime : std::uint8_t { kRenewable, kFixed, kHoldLimited, kForced };

// To be looked at; only Peers changes it. A reference is good until a peer is added or removed.
class alignas(64) Peer {
 public:
  Peer() = default;
  explicit Peer(PeerId id) : id_(id) {}

  PeerId id() const { return id_; }
  TimePoint deadline() const { return deadline_; }
  Lifetime lifetime() const { return lifetime_; }
  // How many it holds.
  std::uint32_t leases() const { return leases_; }
  bool waits() const { return waiter_ != kNoSlot; }
  // Its place among the waiters; kNoSlot if it waits for nothing.
  WaiterSlot waiter() const { return waiter_; }

 private:
  friend class Peers;

  PeerId id_ = 0;
  TimePoint deadline_ = kNever;
  Lease lease_;               // the newest
  std::uint32_t leases_ = 0;  // all but the newest are in the record
  Slot record_ = kNoSlot;
  WaiterSlot waiter_ = kNoSlot;
  Lifetime lifetime_ = Lifetime::kRenewable;
};
static_assert(sizeof(Peer) == 64);

class Peers {
 public:
  // --- looking up ---
  // Null if there is none.
  Peer* find(PeerId id) { return table_.find(id); }
  const Peer* find(PeerId id) const { return table_.find(id); }
  std::size_t size() const { return table_.size(); }
  // Valid until the peer is removed.
  const PeerIdentity& identity(const Peer& peer) const { return records_[peer.record_].identity; }
  // All peers by the places of their records, which are below places(). Null where there is none.
  std::size_t places() const { return records_.capacity(); }
  const Peer* at(std::size_t place) const;
  // Calls `visit` with each peer, in no order.
  template <typename Visitor>
  void visit(Visitor visitor) const {
    table_.visit(visitor);
  }

  // --- coming and going ---
  // False only where memory is too short for a larger table: then nothing may be added.
  bool has_room() const { return table_.has_room(); }
  // A peer with an id that no peer has, which holds nothing. It lives as renew() says.
  Peer& add(PeerId id, PeerIdentity identity, TimePoint now, Duration time_to_live);
  // It holds nothing and waits for nothing.
  void remove(Peer& peer);
  void set_label(Peer& peer, Label label) { record_of(peer).identity.label = std::move(label); }

  // --- the end of a life ---
  // Moves the deadline of a renewable peer to now + time_to_live and a slack: a peer lives a little
  // longer than it asked for, because clients whose heartbeat interval equals their time to live
  // are late by the length of a request. 5 %, at most 15 s, none below a life of 1 s.
  void renew(Peer& peer, TimePoint now, Duration time_to_live) {
    if (peer.lifetime_ != Lifetime::kRenewable) return;
    set_deadline(peer, removal_time(now, time_to_live));
  }
  // The same, but never to an earlier time.
  void prolong(Peer& peer, TimePoint now, Duration time_to_live);
  // Nothing renews the renewable peer any more.
  void fix(Peer& peer) {
    THROTTLE_CHECK(peer.lifetime_ == Lifetime::kRenewable);
    peer.lifetime_ = Lifetime::kFixed;
  }
  // It ends at `end`, whatever its deadline was, and nothing renews it.
  void end_at(Peer& peer, TimePoint end);
  // It ends at `end` or at its deadline, whichever is earlier, and nothing renews it.
  void end_by(Peer& peer, TimePoint end);
  // The same; from now on the end is an operator's, and end_at() only moves it earlier.
  void end_by_force(Peer& peer, TimePoint end);
  // Takes the peer whose deadline is the earliest out of the wheel, if it is due (deadline <= now <
  // kNever); its caller removes it. Equal deadlines come in the order of add(). Null if none is
  // due.
  Peer* pop_due(TimePoint now);
  // When pop_due() may first find something: never later than the earliest deadline.
  TimePoint next_deadline() const { return expiries_.next(); }

  // --- leases ---
  // Null if it holds none of it. Valid until a lease of the peer or a peer comes or goes.
  const Lease* find_lease(const Peer& peer, SemaphoreIndex semaphore) const;
  // The oldest first; `number` < peer.leases().
  const Lease& lease(const Peer& peer, std::uint32_t number) const {
    THROTTLE_CHECK(number < peer.leases_);
    const bool newest = number + 1 == peer.leases_;
    return newest ? peer.lease_ : records_[peer.record_].older_leases[number];
  }
  const Lease& newest_lease(const Peer& peer) const { return lease(peer, peer.leases_ - 1); }
  void add_lease(Peer& peer, const Lease& lease);
  // `lease` is one of the peer's own, as find_lease() and lease() return it.
  void remove_lease(Peer& peer, const Lease& lease);

  // --- waiting ---
  void begin_wait(Peer& peer, WaiterSlot waiter) {
    THROTTLE_CHECK(!peer.waits() && waiter != kNoSlot);
    peer.waiter_ = waiter;
  }
  void end_wait(Peer& peer) {
    THROTTLE_CHECK(peer.waits());
    peer.waiter_ = kNoSlot;
  }

  // Proves that table, records and wheel agree, while no peer is between pop_due() and remove().
  // The first violation, empty if none. O(peers): for tests.
  std::string check() const;

 private:
  struct Record : DeadlineWheel::Item {
    PeerId id = 0;
    std::vector<Lease> older_leases;
    PeerIdentity identity;
  };

  static TimePoint removal_time(TimePoint now, Duration time_to_live);

  Record& record_of(const Peer& peer) { return records_[peer.record_]; }
  Peer& owner_of(const DeadlineWheel::Item& item);
  void set_deadline(Peer& peer, TimePoint when) {
    if (when < peer.deadline_) expiries_.hasten(record_of(peer), when);
    peer.deadline_ = when;
  }
  std::string check(const Peer& peer) const;

  IdTable<Peer> table_;
  Slab<Record> records_;
  DeadlineWheel expiries_;  // of records; the deadlines are in the table
};

}  // namespace throttle
