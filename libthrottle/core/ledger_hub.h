// The ledger and those who want to hear what happens in it: doors that wait for grants, metrics,
// the journal, the log.
//
// Whoever operates on the ledger calls settle() afterwards. An observer may operate on the ledger
// in turn (a door that lets a connection go), also settling: what that causes is handed on in the
// same call, after what came before, so every observer hears everything once and in order. Threads:
// one, the ledger's.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "libthrottle/core/lease_ledger.h"

namespace throttle {

class LedgerHub {
 public:
  using Observer = std::function<void(std::span<const LedgerEvent>)>;

  // `ledger` outlives the hub.
  explicit LedgerHub(LeaseLedger& ledger) : ledger_(ledger) {}
  LedgerHub(const LedgerHub&) = delete;
  LedgerHub& operator=(const LedgerHub&) = delete;

  LeaseLedger& ledger() { return ledger_; }

  // Observers hear in the order in which they were added, and live as long as the hub is settled.
  void add_observer(Observer observer) { observers_.push_back(std::move(observer)); }
  // Called once at the end of every settle(): to look after ledger.next_deadline().
  void on_settled(std::function<void()> callback) { on_settled_ = std::move(callback); }

  void settle();

 private:
  LeaseLedger& ledger_;
  std::vector<Observer> observers_;
  std::function<void()> on_settled_;
  std::vector<LedgerEvent> batch_;
  bool settling_ = false;
};

}  // namespace throttle
