// A block that nobody writes to, and the handler that frees it when an allocation fails.
#include "libthrottle/core/memory_reserve.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace throttle {

namespace {

std::atomic<void*> reserve{nullptr};
std::atomic<bool> is_kept{false};

// NOLINTBEGIN(cppcoreguidelines-no-malloc): operator new would call the handler.
void give_reserve_away() {
  void* const freed = reserve.exchange(nullptr);
  if (freed == nullptr) throw std::bad_alloc();  // tidy-allow: no-throw, as a new_handler has to
  std::free(freed);
}

// Another thread may be as quick.
bool set_aside() {
  void* const fresh = std::malloc(kMemoryReserve);
  void* none = nullptr;
  if (!reserve.compare_exchange_strong(none, fresh)) std::free(fresh);
  return reserve.load() != nullptr;
}
// NOLINTEND(cppcoreguidelines-no-malloc)

}  // namespace

void set_memory_reserve_aside() {
  if (is_kept.exchange(true)) return;
  set_aside();
  std::set_new_handler(give_reserve_away);
}

bool is_memory_short() {
  if (!is_kept.load(std::memory_order_relaxed)) return false;
  return reserve.load(std::memory_order_relaxed) == nullptr && !set_aside();
}

}  // namespace throttle
