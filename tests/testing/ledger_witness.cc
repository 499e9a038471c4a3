// What the witness learns from each event, and which invariant it holds each event against.
#include "tests/testing/ledger_witness.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "tests/testing/ledger_picture.h"
#include "tests/testing/ledger_text.h"

namespace throttle::testing {

LedgerWitness::LedgerWitness(const LeaseLedger::Options& options)
    : grants_from_(saturating_add(options.start, options.startup_grace)), now_(options.start) {}

void LedgerWitness::demand(bool holds, const char* invariant, const char* what,
                           const LedgerEvent& event) {
  if (!holds && violation_.empty())
    violation_ = std::string(invariant) + ": " + what + ": " + text_of(event);
}

void LedgerWitness::demand(bool holds, const char* invariant, const char* what,
                           std::string_view whose) {
  if (!holds && violation_.empty())
    violation_ = std::string(invariant) + ": " + what + ": " + std::string(whose);
}

void LedgerWitness::demand(bool holds, const char* invariant, const char* what, PeerId whose) {
  if (!holds) demand(false, invariant, what, "peer " + std::to_string(whose));
}

void LedgerWitness::configured(const LeaseLedger& ledger,
                               std::span<const SemaphoreSettings> settings) {
  for (auto& [index, semaphore] : semaphores_)
    semaphore.configured = false;
  for (const SemaphoreSettings& each : settings) {
    const auto state = ledger.semaphore(each.name);
    demand(state.has_value(), "configure", "is not known", each.name);
    if (!state) continue;
    semaphores_[state->index].settings = each;
    semaphores_[state->index].configured = true;
  }
}

LedgerWitness::Semaphore* LedgerWitness::find(std::string_view name) {
  for (auto& [index, semaphore] : semaphores_) {
    if (semaphore.settings.name == name) return &semaphore;
  }
  return nullptr;
}

void LedgerWitness::paused(std::string_view semaphore) {
  if (Semaphore* const known = find(semaphore)) ++known->pauses;
}

void LedgerWitness::resumed(std::string_view semaphore) {
  Semaphore* const known = find(semaphore);
  if (known != nullptr && known->pauses > 0) --known->pauses;
}

void LedgerWitness::observe(std::span<const LedgerEvent> events) {
  const auto adds_the_asking = [this](const LedgerEvent& event) {
    return event.kind == EventKind::kPeerAdded && event.peer == step_.asking;
  };
  const bool added = std::any_of(events.begin(), events.end(), adds_the_asking);
  if (step_.asking && step_.lives_until && !added)
    peers_[*step_.asking].lives_until = *step_.lives_until;
  for (const LedgerEvent& event : events)
    observe(event);
}

void LedgerWitness::observe(const LedgerEvent& event) {
  demand(event.at >= now_, "time", "runs backwards", event);
  now_ = event.at;
  switch (event.kind) {
    case EventKind::kPeerAdded:
      demand(!peers_.contains(event.peer), "peers", "twice", event);
      peers_[event.peer].lives_until = step_.lives_until.value_or(event.at);
      break;
    case EventKind::kPeerRemoved:
      peer_removed(event);
      break;
    case EventKind::kQueued:
      demand(peers_[event.peer].waits.empty(), "peers", "waits twice", event);
      peers_[event.peer].waits[event.semaphore] = event.count;
      semaphores_[event.semaphore].waiting.push_back(event.peer);
      break;
    case EventKind::kGranted:
      granted(event);
      break;
    case EventKind::kWaitEnded:
      wait_ended(event);
      break;
    case EventKind::kLeaseEnded:
      lease_ended(event);
      break;
    case EventKind::kRestored:
      demand(event.token == 0, "S7", "a token though nothing was granted", event);
      leased(event);
      break;
    case EventKind::kRefused:
    case EventKind::kLabelled:
    case EventKind::kConfigured:
    case EventKind::kPaused:
    case EventKind::kResumed:
      break;
    case EventKind::kExcess:
      demand(event.excess <= held(event.semaphore), "excess", "more than is held", event);
      break;
    case EventKind::kWokenLate:
      spared_until_ = event.at + std::chrono::seconds(2);
      break;
  }
}

void LedgerWitness::peer_removed(const LedgerEvent& event) {
  const Peer& peer = peers_[event.peer];
  demand(peer.leases.empty() && peer.waits.empty(), "S2", "still has something", event);
  if (event.cause == Cause::kExpired) {
    demand(event.at >= spared_until_, "S8", "not spared after a late wake-up", event);
    demand(event.at >= peer.lives_until, "S8", "too early", event);
    demand(!granted_.contains(event.peer) || event.peer == step_.asking, "S3",
           "was granted something as it was due", event);
  }
  peers_.erase(event.peer);
}

void LedgerWitness::granted(const LedgerEvent& event) {
  demand(peers_.contains(event.peer), "S3", "granted to nobody", event);
  demand(event.at >= grants_from_, "grace", "granted during it", event);
  Semaphore& semaphore = semaphores_[event.semaphore];
  demand(semaphore.configured, "S1", "granted though not configured", event);
  demand(semaphore.pauses == 0, "pause", "granted during it", event);
  const Count before = held(event.semaphore);
  demand(event.count <= semaphore.settings.full_count - before, "S1", "more than is left", event);

  if (peers_[event.peer].waits.contains(event.semaphore)) {
    const auto head = head_of(semaphore);
    demand(!head || *head == event.peer, "S4", "another was before it", event);
    std::erase(semaphore.waiting, event.peer);
    peers_[event.peer].waits.erase(event.semaphore);
  } else {
    const bool newest_first = semaphore.settings.order == QueueOrder::kLifo;
    demand(newest_first || semaphore.waiting.empty(), "S4", "overtook the queue", event);
  }
  granted_.insert(event.peer);
  demand(event.token > last_token_, "S7", "not greater than the last", event);
  last_token_ = event.token;
  leased(event);
}

void LedgerWitness::leased(const LedgerEvent& event) {
  auto& leases = peers_[event.peer].leases;
  demand(!leases.contains(event.semaphore), "S2", "has it already", event);
  leases[event.semaphore] = {event.count, event.token};
}

void LedgerWitness::wait_ended(const LedgerEvent& event) {
  auto& waits = peers_[event.peer].waits;
  const auto found = waits.find(event.semaphore);
  demand(found != waits.end() && found->second == event.count, "S2", "did not wait for that",
         event);
  waits.erase(event.semaphore);
  std::erase(semaphores_[event.semaphore].waiting, event.peer);
}

void LedgerWitness::lease_ended(const LedgerEvent& event) {
  auto& leases = peers_[event.peer].leases;
  const auto found = leases.find(event.semaphore);
  demand(found != leases.end() && found->second.count == event.count &&
             found->second.token == event.token,
         "S2", "did not hold that", event);
  leases.erase(event.semaphore);
}

// Whose turn it is in a fair queue the witness leaves to the twin.
std::optional<PeerId> LedgerWitness::head_of(const Semaphore& semaphore) {
  if (semaphore.waiting.empty()) return std::nullopt;
  switch (semaphore.settings.order) {
    case QueueOrder::kFifo:
      return semaphore.waiting.front();
    case QueueOrder::kLifo:
      return semaphore.waiting.back();
    case QueueOrder::kFair:
      break;
  }
  return std::nullopt;
}

Count LedgerWitness::held(SemaphoreIndex semaphore) const {
  constexpr Count kMost = std::numeric_limits<Count>::max();
  Count sum = 0;
  for (const auto& [id, peer] : peers_) {
    const auto lease = peer.leases.find(semaphore);
    if (lease == peer.leases.end()) continue;
    sum = sum > kMost - lease->second.count ? kMost : sum + lease->second.count;
  }
  return sum;
}

void LedgerWitness::end_step(const LeaseLedger& ledger, TimePoint now) {
  now_ = std::max(now_, now);
  demand(ledger.peer_count() == peers_.size(), "S2", "another number", "peers");
  check_sums(ledger);
  check_hierarchy();
  check_heads();
}

void LedgerWitness::check_sums(const LeaseLedger& ledger) {
  for (const SemaphoreState& state : ledger.semaphores()) {
    const Semaphore& known = semaphores_[state.index];
    demand(state.acquired == held(state.index), "S2", "holds another sum", state.name);
    demand(state.waiting == known.waiting.size(), "S2", "has another queue", state.name);
    demand(state.retired != known.configured, "configure", "is retired or not", state.name);
    demand(state.paused == (known.pauses > 0), "pause", "is paused or not", state.name);
  }
  visit_all_peers(ledger, [this](const PeerState& state) {
    const auto known = peers_.find(state.id);
    demand(known != peers_.end(), "S2", "was never added", state.id);
    if (known == peers_.end()) return;
    demand(state.leases.size() == known->second.leases.size(), "S2", "has other leases", state.id);
    demand(state.pending.has_value() != known->second.waits.empty(), "S2", "waits or not",
           state.id);
    demand(state.removal > now_ || now_ < spared_until_, "S3", "outlived its time", state.id);
  });
}

void LedgerWitness::check_hierarchy() {
  for (const auto& [id, peer] : peers_) {
    for (const auto& [wanted, count] : peer.waits) {
      for (const auto& [held, lease] : peer.leases) {
        demand(semaphores_[wanted].settings.level < semaphores_[held].settings.level, "S5",
               "waits at or above a level it holds", id);
      }
    }
  }
}

void LedgerWitness::check_heads() {
  if (now_ < grants_from_) return;
  for (const auto& [index, semaphore] : semaphores_) {
    const auto head = head_of(semaphore);
    if (!head || semaphore.pauses > 0) continue;
    const Count wanted = peers_[*head].waits[index];
    demand(wanted > semaphore.settings.full_count - held(index), "L1", "fits and waits", *head);
  }
}

}  // namespace throttle::testing
