// All that can be seen of a ledger at an instant, as a value: to compare two ledgers, or one before
// and after. Threads: values only.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "tests/testing/naive_ledger.h"

namespace throttle::testing {

struct LeasePicture {
  std::string semaphore;
  Count count = 0;
  FencingToken token = 0;
  TimePoint since;
  bool operator==(const LeasePicture&) const = default;
};

struct PeerPicture {
  PeerId id = 0;
  SocketAddress address;
  std::string label;
  TimePoint removal;
  std::vector<LeasePicture> leases;
  std::optional<LeasePicture> pending;
  std::optional<bool> is_acquired;
  bool operator==(const PeerPicture&) const = default;
};

struct SemaphorePicture {
  std::string name;
  SemaphoreIndex index = 0;
  Count full_count = 0;
  std::optional<Count> remainder;
  Count acquired = 0;
  Count pending = 0;
  std::size_t waiting = 0;
  Duration longest_wait{};
  std::uint64_t granted = 0;
  bool paused = false;
  bool retired = false;
  bool operator==(const SemaphorePicture&) const = default;
};

struct LedgerPicture {
  std::vector<SemaphorePicture> semaphores;  // by name
  std::vector<PeerPicture> peers;            // by id
  bool operator==(const LedgerPicture&) const = default;

  // The same as if nobody had ever renewed: for "changes nothing but deadlines".
  LedgerPicture without_deadlines() const;
};

std::string text_of(const LedgerPicture& picture);

LeasePicture picture_of(const LeaseState& lease);
SemaphorePicture picture_of(const SemaphoreState& semaphore);
PeerPicture picture_of(const PeerState& peer);

// In slices of three, so that every test walks across their ends.
void visit_all_peers(const LeaseLedger& ledger, const LeaseLedger::PeerVisitor& visit);
void visit_all_peers(const NaiveLedger& ledger, const LeaseLedger::PeerVisitor& visit);

// Of the real ledger or its naive twin.
template <typename Ledger>
LedgerPicture picture_of_ledger(const Ledger& ledger) {
  LedgerPicture picture;
  for (const SemaphoreState& state : ledger.semaphores()) {
    picture.semaphores.push_back(picture_of(state));
    picture.semaphores.back().remainder = ledger.remainder(state.name);
  }
  picture.peers.reserve(ledger.peer_count());
  visit_all_peers(ledger, [&](const PeerState& state) {
    picture.peers.push_back(picture_of(state));
    picture.peers.back().is_acquired = ledger.is_acquired(state.id);
  });
  std::sort(picture.peers.begin(), picture.peers.end(),
            [](const PeerPicture& a, const PeerPicture& b) { return a.id < b.id; });
  return picture;
}

}  // namespace throttle::testing
