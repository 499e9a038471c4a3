#include "libthrottle/core/ledger_hub.h"

#include <algorithm>
#include <utility>

namespace throttle {

LedgerHub::Subscription::Subscription(Subscription&& other) noexcept
    : hub_(std::exchange(other.hub_, nullptr)), id_(other.id_) {}

LedgerHub::Subscription& LedgerHub::Subscription::operator=(Subscription&& other) noexcept {
  std::swap(hub_, other.hub_);
  std::swap(id_, other.id_);
  return *this;
}

LedgerHub::Subscription::~Subscription() {
  if (hub_ != nullptr) hub_->remove(id_);
}

LedgerHub::Subscription LedgerHub::add_observer(Observer observer) {
  observers_.push_back({++last_id_, std::move(observer), false});
  return {*this, last_id_};
}

// While settle() goes over the observers, and perhaps stands within this very one, it keeps its
// place.
void LedgerHub::remove(std::uint64_t id) noexcept {
  const auto entry = std::find_if(observers_.begin(), observers_.end(),
                                  [id](const Entry& candidate) { return candidate.id == id; });
  entry->removed = true;
  if (!settling_) observers_.erase(entry);
}

void LedgerHub::settle() {
  if (std::exchange(settling_, true)) return;
  while (!ledger_.events().empty()) {
    ledger_.take_events(batch_);
    const std::size_t hearing = observers_.size();
    for (std::size_t i = 0; i < hearing; ++i)
      if (!observers_[i].removed) observers_[i].observer(batch_);
  }
  std::erase_if(observers_, [](const Entry& entry) { return entry.removed; });
  settling_ = false;
  if (on_settled_) on_settled_();
}

}  // namespace throttle
