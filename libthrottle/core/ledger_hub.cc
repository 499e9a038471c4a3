#include "libthrottle/core/ledger_hub.h"

#include <utility>

namespace throttle {

void LedgerHub::settle() {
  if (std::exchange(settling_, true)) return;
  while (!ledger_.events().empty()) {
    ledger_.take_events(batch_);
    for (const Observer& observer : observers_)
      observer(batch_);
  }
  settling_ = false;
  if (on_settled_) on_settled_();
}

}  // namespace throttle
