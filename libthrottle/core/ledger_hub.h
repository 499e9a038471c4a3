// The ledger and those who want to hear what happens in it: doors that wait for grants, metrics,
// the journal, the log.
//
// Whoever operates on the ledger calls settle() afterwards. An observer may operate on the ledger
// in turn (a door that lets a connection go), also settling: what that causes is handed on in the
// same call, after what came before, so every observer hears everything once and in order. Threads:
// one, the ledger's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "libthrottle/core/lease_ledger.h"

namespace throttle {

class LedgerHub {
 public:
  using Observer = std::function<void(std::span<const LedgerEvent>)>;

  // As long as it lives its observer hears. The hub outlives it.
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
  LedgerHub(const LedgerHub&) = delete;
  LedgerHub& operator=(const LedgerHub&) = delete;

  LeaseLedger& ledger() { return ledger_; }

  // Observers hear in the order in which they were added. One that is added or destroyed within a
  // settle() hears nothing of the batch that is being handed on from then on.
  [[nodiscard]] Subscription add_observer(Observer observer);
  // Called once at the end of every settle(): to look after ledger.next_deadline().
  void on_settled(std::function<void()> callback) { on_settled_ = std::move(callback); }

  void settle();

 private:
  struct Entry {
    std::uint64_t id;
    Observer observer;
    bool removed = false;  // within settle(); erased at its end
  };

  void remove(std::uint64_t id) noexcept;

  LeaseLedger& ledger_;
  std::deque<Entry> observers_;  // stay where they are while others come
  std::uint64_t last_id_ = 0;
  std::function<void()> on_settled_;
  std::vector<LedgerEvent> batch_;
  bool settling_ = false;
};

}  // namespace throttle
