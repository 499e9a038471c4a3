// The events of the small world as operations of the ledger, and the fingerprint of its state.
#include "tests/sim/small_model.h"

#include <algorithm>
#include <chrono>

namespace throttle::testing {

namespace {

using namespace std::chrono_literals;
using Action = SmallModel::Action;

constexpr std::array<std::string_view, 2> kNames{"A", "B"};
constexpr Duration kTimeToLive = 150ms;
constexpr Duration kTick = 100ms;

// All that a peer may do; one that is not there may only try to come, and try in vain.
constexpr std::array<SmallModel::Event, 11> kEventsOfThePresent{{
    {Action::kAcquire, 0, 0, 1},
    {Action::kAcquire, 0, 0, 2},
    {Action::kAcquire, 0, 1, 1},
    {Action::kAcquire, 0, 1, 2},
    {Action::kRelease, 0, 0, 0},
    {Action::kRelease, 0, 1, 0},
    {Action::kRemove, 0, 0, 0},
    {Action::kHeartbeat, 0, 0, 0},
    {Action::kRestore, 0, 0, 1},
    {Action::kRestore, 0, 1, 3},
    {Action::kRestore, 0, 2, 1},
}};
constexpr std::array<SmallModel::Event, 6> kEventsOfTheAbsent{{
    {Action::kNew, 0, 0, 0},
    {Action::kAcquire, 0, 0, 1},
    {Action::kHeartbeat, 0, 0, 0},
    {Action::kRestore, 0, 0, 1},
    {Action::kRestore, 0, 1, 3},
    {Action::kRestore, 0, 2, 1},
}};

PeerSpec mortal() {
  return {.time_to_live = kTimeToLive, .address = {}, .label = {}};
}

}  // namespace

SmallModel::SmallModel(Count full_count) : ledger_({.seed = 1, .start = TimePoint(1h)}), now_(1h) {
  const std::array<SemaphoreSettings, 2> settings{
      {{.name = "A", .full_count = full_count, .level = 0},
       {.name = "B", .full_count = full_count, .level = 1}}};
  ledger_.configure(now_, settings);
  restart();
}

void SmallModel::restart() {
  ledger_.set_proof(CheckedLedger::Proof::kSuspended);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    ledger_.remove_peer(now_, ids_[i]);
    ids_[i] = i + 1;
  }
}

void SmallModel::repeat(std::span<const Event> events) {
  ledger_.set_proof(CheckedLedger::Proof::kSuspended);
  for (const Event& event : events)
    play(event);
}

bool SmallModel::prove(const Event& event) {
  ledger_.set_proof(CheckedLedger::Proof::kEachStep);
  play(event);
  return violation().empty();
}

void SmallModel::play(const Event& event) {
  PeerId& peer = ids_[event.peer];
  switch (event.action) {
    case Action::kNew:
      peer = ledger_.add_peer(now_, mortal());
      break;
    case Action::kAcquire:
      ledger_.acquire(now_,
                      {.peer = peer, .semaphore = kNames[event.semaphore], .count = event.count});
      break;
    case Action::kRelease:
      ledger_.release(now_, peer, kNames[event.semaphore]);
      break;
    case Action::kRemove:
      ledger_.remove_peer(now_, peer);
      break;
    case Action::kHeartbeat:
      ledger_.heartbeat(now_, peer, kTimeToLive);
      break;
    case Action::kRestore:
      restore(event);
      break;
    case Action::kTick:
      ledger_.advance(now_ += kTick);
      break;
  }
}

// Semaphore 2 means both.
void SmallModel::restore(const Event& event) {
  std::vector<HeldLock> held;
  for (std::uint8_t i = 0; i < kNames.size(); ++i) {
    if (event.semaphore == i || event.semaphore == 2) held.push_back({kNames[i], event.count});
  }
  ledger_.restore(now_, {.peer = ids_[event.peer], .spec = mortal(), .held = held});
}

std::vector<SmallModel::Event> SmallModel::possible_events() const {
  std::vector<Event> events{{Action::kTick, 0, 0, 0}};
  const auto add = [&events](std::span<const Event> of_anybody, std::uint8_t peer) {
    for (Event event : of_anybody) {
      event.peer = peer;
      events.push_back(event);
    }
  };
  bool absent_spoke = false;
  for (std::uint8_t peer = 0; peer < ids_.size(); ++peer) {
    if (is_there(peer)) {
      add(kEventsOfThePresent, peer);
    } else if (!std::exchange(absent_spoke, true)) {
      add(kEventsOfTheAbsent, peer);
    }
  }
  return events;
}

std::string SmallModel::fingerprint() const {
  std::string text;
  const auto add = [&text](std::int64_t number) { text += std::to_string(number) + ' '; };
  // The twin visits in the order of arrival, in which equal deadlines expire.
  ledger_.twin().visit_peers([&](const PeerState& peer) {
    add((peer.removal - now_).count());
    for (const LeaseState& lease : peer.leases) {
      text += lease.semaphore;
      add(lease.count);
      if (lease.token == 0) text += "no token ";
    }
    if (peer.pending) {
      text += '?';
      text += peer.pending->semaphore;
      add(peer.pending->count);
    }
    text += '\n';
  });
  for (const std::string_view name : kNames) {
    for (const PeerId waiter : ledger_.twin().queue(name)) {
      std::size_t position = 0, found = 0;
      ledger_.twin().visit_peers([&](const PeerState& peer) {
        if (peer.id == waiter) found = position;
        ++position;
      });
      add(static_cast<std::int64_t>(found));
    }
    text += '\n';
  }
  return text;
}

std::string text_of(std::span<const SmallModel::Event> events) {
  constexpr std::array<std::string_view, 7> kActions{"new",       "acquire", "release", "remove",
                                                     "heartbeat", "restore", "tick"};
  constexpr std::array<std::string_view, 3> kSemaphores{"A", "B", "A and B"};
  std::string text;
  for (const SmallModel::Event& event : events) {
    text += "  " + std::string(kActions[static_cast<std::size_t>(event.action)]);
    if (event.action != Action::kTick) text += " peer " + std::to_string(event.peer);
    if (event.count > 0) text += ", " + std::to_string(event.count);
    if (event.action == Action::kAcquire || event.action == Action::kRelease ||
        event.action == Action::kRestore)
      text += " of " + std::string(kSemaphores[event.semaphore]);
    text += '\n';
  }
  return text;
}

}  // namespace throttle::testing
