#include "libthrottle/uv/ledger_runtime.h"

#include <random>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

namespace {

LeaseLedger::Options options_with(Duration startup_grace) {
  std::random_device device;
  const std::uint64_t high = device();
  return {.seed = (high << 32U) | device(),
          .start = now(),
          .wall_ms = wall_ms(),
          .startup_grace = startup_grace};
}

}  // namespace

LedgerRuntime::LedgerRuntime(Loop& loop, Duration startup_grace)
    : ledger_(options_with(startup_grace)), timer_(loop, bound<&LedgerRuntime::on_due>(this)) {
  hub_.on_settled([this] { arm(); });
  arm();
}

void LedgerRuntime::on_due() {
  ledger_.advance(now());
  hub_.settle();
}

void LedgerRuntime::arm() {
  timer_.arm(ledger_.next_deadline());
}

}  // namespace throttle::uv
