// Hands the events of the ledger to its observers: doors that wait for grants, metrics, the
// journal, the log.
//
// One turn, one settle. Code that changes the ledger does no more than that: the change appends its
// events to ledger.events(), so nobody can forget to report it. settle() hands them on. It is
// called at the top of the stack only: by the runtime at the end of each turn of the loop, and by a
// request that has to be answered within its call, before it is dispatched and after. So no
// operation on a ledger, no destructor and no setter ever calls an observer.
//
// An observer may operate on the ledger. What that causes is handed on in the same settle(), after
// the present batch. So every observer receives every event once and in order.
// Threads: one, the ledger's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "libthrottle/core/lease_ledger.h"

namespace throttle {

class LedgerHub {
 public:
  using Observer = std::function<void(std::span<const LedgerEvent>)>;
  using Listener = std::function<void(const LedgerEvent&)>;

  // Its observer or listener receives events while it lives. The hub outlives it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

   private:
    friend class LedgerHub;
    Subscription(LedgerHub& hub, std::uint64_t id) : hub_(&hub), id_(id) {}

    LedgerHub* hub_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // `ledger` outlives the hub.
  explicit LedgerHub(LeaseLedger& ledger) : ledger_(ledger) {}
  ~LedgerHub();
  LedgerHub(const LedgerHub&) = delete;
  LedgerHub& operator=(const LedgerHub&) = delete;

  LeaseLedger& ledger() { return ledger_; }

  // Receives each batch of all events. Observers are called in the order in which they were added,
  // and before the listeners. One that is added within a settle() receives nothing of the present
  // batch; one that is destroyed receives nothing more.
  [[nodiscard]] Subscription add_observer(Observer observer);
  // Receives the waits and leases of one semaphore, one event at a time: not kPeerAdded and
  // kPeerRemoved, which belong to no semaphore. The end of what a peer had comes before its
  // removal, so a listener misses nothing about its semaphore.
  [[nodiscard]] Subscription add_listener(SemaphoreIndex semaphore, Listener listener);

  // Hands on all that happened, until nothing new happens. Not from within an observer. An
  // exception of an observer, for want of memory, leaves it: those behind it receive nothing of
  // that batch, and the next settle() goes on.
  void settle();

 private:
  class Settling;
  template <typename Callee>
  struct Entry {
    std::uint64_t id;
    Callee callee;
    bool removed = false;  // within settle(); erased at its end
  };
  // A deque, whose entries stay where they are when others are added.
  template <typename Callee>
  using Entries = std::deque<Entry<Callee>>;

  void remove(std::uint64_t id) noexcept;
  void hand_on(const LedgerEvent& event);
  template <typename Callee, typename News>
  void call_each(Entries<Callee>& entries, const News& news);
  void erase_removed();

  LeaseLedger& ledger_;
  Entries<Observer> observers_;
  std::unordered_map<SemaphoreIndex, Entries<Listener>> listeners_;
  std::uint64_t last_id_ = 0;
  std::uint64_t newest_in_batch_ = 0;  // those with a greater id were added within the batch
  std::vector<LedgerEvent> batch_;
  bool settling_ = false;
  bool some_removed_ = false;  // within settle()
};

}  // namespace throttle
