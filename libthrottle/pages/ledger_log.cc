// Words the events of the ledger.
#include "libthrottle/pages/ledger_log.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/pages/event_words.h"

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
      excess_ended_(lines, log, telemetry::Level::kWarn, "no more is held than the limit allows"),
      kicked_(lines, log, telemetry::Level::kWarn, "kicked") {}

void LedgerLog::observe(std::span<const LedgerEvent> events) {
  warn_of_lost(events);
  for (const LedgerEvent& event : events) {
    warn(event);
    if (log_.enabled(telemetry::Level::kDebug)) trace(event);
    if (event.kind == EventKind::kPeerRemoved) kicks_.erase(event.peer);
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

void LedgerLog::on_kick(const lease::Kick& kick) {
  const auto peer = ledger_.peer(kick.peer);
  const PeerState known = peer.value_or(PeerState());
  kicked_.write(kick.at,
                {{"peer", kick.peer},
                 {"label", known.label},
                 {"client", known.address.to_string()},
                 {"semaphore", ledger_.semaphore_name(kick.semaphore)},
                 {"by", kick.by},
                 {"reason", kick.reason},
                 {"within", format_duration(kick.within.value_or(Duration::zero()))},
                 {"bar", format_duration(kick.bar.value_or(Duration::zero()))},
                 {"from", kick.from.to_string()}},
                kick.by + '\n' + kick.reason + '\n' + std::to_string(kick.peer));
  if (log_.enabled(telemetry::Level::kDebug)) kicks_.insert_or_assign(kick.peer, kick);
}

const lease::Kick* LedgerLog::kick_of(const LedgerEvent& event) const {
  if (event.cause != Cause::kForced) return nullptr;
  const auto found = kicks_.find(event.peer);
  return found == kicks_.end() ? nullptr : &found->second;
}

void LedgerLog::trace(const LedgerEvent& event) const {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  std::vector<telemetry::Field> fields;
  const std::string client = event.client.to_string();
  if (event.peer != 0) fields.emplace_back("peer", event.peer);
  if (!event.label.empty()) fields.emplace_back("label", event.label.text());
  if (event.client != SocketAddress()) fields.emplace_back("client", client);
  if (event.semaphore != kNoSemaphore) {
    fields.emplace_back("semaphore", ledger_.semaphore_name(event.semaphore));
    fields.emplace_back("count", event.count);
  }
  if (event.token != 0) fields.emplace_back("token", event.token);
  if (event.kind == EventKind::kGranted || event.kind == EventKind::kWaitEnded)
    fields.emplace_back("waited_ms", duration_cast<milliseconds>(event.waited).count());
  if (event.kind == EventKind::kLeaseEnded)
    fields.emplace_back("held_ms", duration_cast<milliseconds>(event.held).count());
  if (event.cause != Cause::kNone) fields.emplace_back("cause", cause_word(event.cause));
  if (const lease::Kick* const kick = kick_of(event)) {
    fields.emplace_back("by", kick->by);
    fields.emplace_back("reason", kick->reason);
  }
  log_.write_all(telemetry::Level::kDebug, to_string(event.kind), fields);
}

}  // namespace throttle::pages
