// Where the ledger meets the clock and the loop.
#include "libthrottle/uv/ledger_runtime.h"

#include <chrono>
#include <random>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

namespace {

LeaseLedger::Options options_with(TimePoint start, Duration startup_grace) {
  std::random_device device;
  const std::uint64_t high = device();
  return {.seed = (high << 32U) | device(),
          .start = start,
          .wall_ms = wall_ms(),
          .startup_grace = startup_grace,
          .wake_tolerance = std::chrono::seconds(1)};
}

}  // namespace

LedgerRuntime::LedgerRuntime(Loop& loop, Duration startup_grace)
    : started_(now()),
      grants_from_(saturating_add(started_, startup_grace)),
      ledger_(options_with(started_, startup_grace)),
      timer_(loop, bound<&LedgerRuntime::on_due>(this)),
      turn_hook_(loop, bound<&LedgerRuntime::on_turn>(this)) {
  timer_.arm(ledger_.next_deadline());
}

void LedgerRuntime::on_due() {
  ledger_.advance(now());
}

void LedgerRuntime::on_turn() {
  if (!ledger_.events().empty()) hub_.settle();
  timer_.arm(ledger_.next_deadline());
}

}  // namespace throttle::uv
