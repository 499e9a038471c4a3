// Two directions, each with its own end, and the one end of the relay that they lead to.
#include "libthrottle/proxy/relay_flow.h"

#include "libthrottle/core/check.h"

namespace throttle::proxy {

RelayFlow::RelayFlow(std::size_t buffer_bytes) : buffer_bytes_(buffer_bytes) {}

void RelayFlow::moved(RelaySide from, std::size_t bytes, std::size_t waiting) {
  Direction& direction = of(from);
  THROTTLE_CHECK(!direction.ended);
  direction.bytes += bytes;
  direction.waiting = waiting > 0;
  if (waiting > buffer_bytes_) direction.held = true;
}

void RelayFlow::filled(RelaySide to) {
  of(other(to)).held = true;
}

void RelayFlow::drained(RelaySide to) {
  Direction& direction = of(other(to));
  direction.waiting = false;
  direction.held = false;
  finish_if_delivered();
}

void RelayFlow::ended(RelaySide from) {
  of(from).ended = true;
  finish_if_delivered();
}

void RelayFlow::was_reset(RelaySide side) {
  lose(side, side == RelaySide::kClient ? RelayEnd::kClientReset : RelayEnd::kUpstreamReset);
}

void RelayFlow::failed(RelaySide side) {
  lose(side, side == RelaySide::kClient ? RelayEnd::kClientFailed : RelayEnd::kUpstreamFailed);
}

void RelayFlow::lose(RelaySide side, RelayEnd end) {
  if (side == RelaySide::kClient) return end_with(end);
  if (!lost_) lost_ = end;
}

void RelayFlow::handed_over() {
  THROTTLE_CHECK(lost_.has_value() && !waits(RelaySide::kClient));
  end_with(*lost_);
}

bool RelayFlow::reads(RelaySide from) const {
  return !end_ && !lost_ && !of(from).ended && !of(from).held;
}

bool RelayFlow::shuts(RelaySide to) const {
  return of(other(to)).delivered();
}

bool RelayFlow::waits(RelaySide to) const {
  return of(other(to)).waiting;
}

std::uint64_t RelayFlow::bytes_from(RelaySide from) const {
  return of(from).bytes;
}

void RelayFlow::finish_if_delivered() {
  if (!lost_ && directions_[0].delivered() && directions_[1].delivered())
    end_with(RelayEnd::kFinished);
}

void RelayFlow::end_with(RelayEnd end) {
  if (!end_) end_ = end;
}

}  // namespace throttle::proxy
