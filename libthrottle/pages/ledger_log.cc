// Words the events of the ledger.
#include "libthrottle/pages/ledger_log.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "libthrottle/core/text.h"

namespace throttle::pages {

namespace {

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
    case EventKind::kLabelled:
      return "labelled";
    case EventKind::kConfigured:
      return "configured";
    case EventKind::kPaused:
      return "paused";
    case EventKind::kResumed:
      return "resumed";
    case EventKind::kWokenLate:
      return "woken late";
    case EventKind::kExcess:
      return "excess";
  }
  return "unknown";
}

// A peer that held it was not renewed in time.
bool is_lost(const LedgerEvent& event) {
  return event.kind == EventKind::kLeaseEnded && event.cause == Cause::kExpired;
}

constexpr std::size_t kLeasesALine = 20;  // with labels of usual length that is 2 KiB

}  // namespace

LedgerLog::LedgerLog(const LeaseLedger& ledger, telemetry::Log log, telemetry::LimitedLines& lines)
    : ledger_(ledger),
      log_(log),
      peer_restored_(lines, log, telemetry::Level::kWarn, "a peer restored its lease"),
      excess_began_(lines, log, telemetry::Level::kWarn, "more is held than the limit allows"),
      excess_ended_(lines, log, telemetry::Level::kWarn, "no more is held than the limit allows") {}

void LedgerLog::observe(std::span<const LedgerEvent> events) {
  warn_of_lost(events);
  for (const LedgerEvent& event : events) {
    warn(event);
    if (log_.enabled(telemetry::Level::kDebug)) trace(event);
  }
}

void LedgerLog::warn(const LedgerEvent& event) {
  if (event.kind == EventKind::kRestored) {
    const std::string_view semaphore = ledger_.semaphore_name(event.semaphore);
    peer_restored_.write(event.at,
                         {{"peer", event.peer},
                          {"semaphore", semaphore},
                          {"count", event.count},
                          {"over_commit", event.excess}},
                         semaphore);
  } else if (event.kind == EventKind::kExcess) {
    warn_of_excess(event);
  } else if (event.kind == EventKind::kWokenLate) {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    log_.warn(
        "this process was stopped or too busy: no peer is removed for a moment, so that "
        "renewals that arrived meanwhile are read first",
        {{"late_ms", duration_cast<milliseconds>(event.waited).count()},
         {"spared_ms", duration_cast<milliseconds>(LeaseLedger::kSparedAfterLateWake).count()}});
  }
}

// One that only grew is in the journal and the metrics.
void LedgerLog::warn_of_excess(const LedgerEvent& event) {
  const std::string_view semaphore = ledger_.semaphore_name(event.semaphore);
  if (event.excess == 0) {
    in_excess_.erase(event.semaphore);
    const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(event.held);
    excess_ended_.write(event.at, {{"semaphore", semaphore}, {"lasted_ms", lasted.count()}},
                        semaphore);
    return;
  }
  if (!in_excess_.insert(event.semaphore).second) return;
  const auto peer = ledger_.peer(event.peer);
  if (!peer) {
    excess_began_.write(
        event.at,
        {{"semaphore", semaphore}, {"excess", event.excess}, {"cause", "the limit was lowered"}},
        semaphore);
    return;
  }
  excess_began_.write(event.at,
                      {{"semaphore", semaphore},
                       {"excess", event.excess},
                       {"cause", "a restore"},
                       {"peer", event.peer},
                       {"client", peer->address.to_string()},
                       {"label", peer->label}},
                      semaphore);
}

void LedgerLog::warn_of_lost(std::span<const LedgerEvent> events) const {
  if (!log_.enabled(telemetry::Level::kWarn)) return;
  std::vector<const LedgerEvent*> lost;
  for (const LedgerEvent& event : events)
    if (is_lost(event)) lost.push_back(&event);
  if (lost.size() == 1) {
    const LedgerEvent& event = *lost.front();
    log_.warn("a peer that held a lease was not renewed in time",
              {{"peer", event.peer},
               {"label", event.label.text()},
               {"client", event.client.to_string()},
               {"semaphore", ledger_.semaphore_name(event.semaphore)},
               {"count", event.count}});
    return;
  }
  for (std::size_t first = 0; first < lost.size(); first += kLeasesALine) {
    const std::size_t last = std::min(first + kLeasesALine, lost.size());
    std::string leases;
    for (std::size_t i = first; i < last; ++i)
      leases.append(leases.empty() ? "" : "; ").append(describe_lost(*lost[i]));
    log_.warn("peers that held leases were not renewed in time",
              {{"lost", last - first}, {"leases", leases}});
  }
}

std::string LedgerLog::describe_lost(const LedgerEvent& event) const {
  std::string text = std::to_string(event.count) + " of " +
                     quote(ledger_.semaphore_name(event.semaphore)) + " by peer " +
                     std::to_string(event.peer);
  if (!event.label.empty()) text += " labelled " + quote(event.label.text());
  return text + " of " + event.client.to_string();
}

void LedgerLog::trace(const LedgerEvent& event) const {
  if (event.semaphore == kNoSemaphore) {
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

}  // namespace throttle::pages
