// How the hub hands a batch on while observers and listeners come and go.
//
// Entries are never erased within settle(), which may be in the middle of them, or within the very
// callee that removes itself: they are marked, skipped from then on, and erased at its end. An
// entry that is added meanwhile has a greater id than the newest one when the batch began, and is
// skipped.
#include "libthrottle/core/ledger_hub.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle {

namespace {

// Whether the event belongs to one semaphore.
bool has_semaphore(const LedgerEvent& event) {
  return event.semaphore != kNoSemaphore;
}

}  // namespace

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

LedgerHub::~LedgerHub() {
  THROTTLE_CHECK(!settling_);
  THROTTLE_CHECK(observers_.empty());
  THROTTLE_CHECK(listeners_.empty());
}

LedgerHub::Subscription LedgerHub::add_observer(Observer observer) {
  THROTTLE_CHECK(observer != nullptr);
  observers_.push_back({++last_id_, std::move(observer)});
  return {*this, last_id_};
}

LedgerHub::Subscription LedgerHub::add_listener(SemaphoreIndex semaphore, Listener listener) {
  THROTTLE_CHECK(listener != nullptr);
  listeners_[semaphore].push_back({++last_id_, std::move(listener)});
  return {*this, last_id_};
}

void LedgerHub::remove(std::uint64_t id) noexcept {
  std::size_t found = 0;
  const auto mark = [&](auto& entries) {
    for (auto& entry : entries) {
      if (entry.id != id) continue;
      entry.removed = true;
      ++found;
    }
  };
  mark(observers_);
  for (auto& [semaphore, entries] : listeners_)
    mark(entries);
  THROTTLE_CHECK(found == 1);
  some_removed_ = true;
  if (!settling_) erase_removed();
}

// Also ends a settle() that an exception leaves.
class LedgerHub::Settling {
 public:
  explicit Settling(LedgerHub& hub) : hub_(hub) { hub_.settling_ = true; }
  ~Settling() {
    hub_.settling_ = false;
    if (hub_.some_removed_) hub_.erase_removed();
  }
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;

 private:
  LedgerHub& hub_;
};

void LedgerHub::settle() {
  THROTTLE_CHECK(!settling_);
  const Settling settling(*this);
  while (!ledger_.events().empty()) {
    ledger_.take_events(batch_);
    newest_in_batch_ = last_id_;
    call_each(observers_, std::span<const LedgerEvent>(batch_));
    for (const LedgerEvent& event : batch_)
      if (has_semaphore(event)) hand_on(event);
  }
}

// A reference into an unordered_map stays good when other semaphores get their first listener.
void LedgerHub::hand_on(const LedgerEvent& event) {
  const auto found = listeners_.find(event.semaphore);
  if (found != listeners_.end()) call_each(found->second, event);
}

template <typename Callee, typename News>
void LedgerHub::call_each(Entries<Callee>& entries, const News& news) {
  for (std::size_t i = 0; i < entries.size() && entries[i].id <= newest_in_batch_; ++i)
    if (!entries[i].removed) entries[i].callee(news);
}

void LedgerHub::erase_removed() {
  const auto is_removed = [](const auto& entry) { return entry.removed; };
  std::erase_if(observers_, is_removed);
  for (auto& [semaphore, entries] : listeners_)
    std::erase_if(entries, is_removed);
  std::erase_if(listeners_, [](const auto& each) { return each.second.empty(); });
  some_removed_ = false;
}

}  // namespace throttle
