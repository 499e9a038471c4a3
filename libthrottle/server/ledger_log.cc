#include "libthrottle/server/ledger_log.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace throttle::server {

namespace {

constexpr Duration kInterval = std::chrono::seconds(10);

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::kPeerAdded:
      return "peer added";
    case EventKind::kPeerRemoved:
      return "peer removed";
    case EventKind::kQueued:
      return "queued";
    case EventKind::kGranted:
      return "granted";
    case EventKind::kWaitEnded:
      return "wait ended";
    case EventKind::kLeaseEnded:
      return "lease ended";
    case EventKind::kRestored:
      return "restored";
    case EventKind::kRefused:
      return "refused";
  }
  return "unknown";
}

bool is_about_a_peer(EventKind kind) {
  return kind == EventKind::kPeerAdded || kind == EventKind::kPeerRemoved;
}

}  // namespace

LedgerLog::LedgerLog(const LeaseLedger& ledger, telemetry::Log log)
    : ledger_(ledger),
      log_(log),
      lease_expired_(log, telemetry::Level::kWarn,
                     "a peer that held a lease was not renewed in time", kInterval),
      peer_restored_(log, telemetry::Level::kWarn, "a peer restored its lease", kInterval) {}

void LedgerLog::observe(std::span<const LedgerEvent> events) {
  for (const LedgerEvent& event : events) {
    warn(event);
    if (log_.enabled(telemetry::Level::kDebug)) trace(event);
  }
}

void LedgerLog::warn(const LedgerEvent& event) {
  if (event.kind == EventKind::kLeaseEnded && event.cause == Cause::kExpired) {
    const std::string client = event.client.to_string();
    lease_expired_.write(event.at, {{"peer", event.peer},
                                    {"client", client},
                                    {"semaphore", ledger_.semaphore_name(event.semaphore)},
                                    {"count", event.count}});
  } else if (event.kind == EventKind::kRestored) {
    peer_restored_.write(event.at, {{"peer", event.peer},
                                    {"semaphore", ledger_.semaphore_name(event.semaphore)},
                                    {"count", event.count},
                                    {"over_commit", event.excess}});
  }
}

void LedgerLog::trace(const LedgerEvent& event) const {
  if (is_about_a_peer(event.kind)) {
    log_.debug(to_string(event.kind), {{"peer", event.peer}});
    return;
  }
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(event.waited);
  log_.debug(to_string(event.kind), {{"peer", event.peer},
                                     {"semaphore", ledger_.semaphore_name(event.semaphore)},
                                     {"count", event.count},
                                     {"token", event.token},
                                     {"waited_us", waited.count()}});
}

void LedgerLog::advance(TimePoint now) {
  lease_expired_.advance(now);
  peer_restored_.advance(now);
}

TimePoint LedgerLog::next_deadline() const {
  return std::min(lease_expired_.next_deadline(), peer_restored_.next_deadline());
}

}  // namespace throttle::server
