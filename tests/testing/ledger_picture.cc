// Collects a picture by the public queries of a ledger.
#include "tests/testing/ledger_picture.h"

#include "tests/testing/ledger_text.h"

namespace throttle::testing {

namespace {

std::string text_of(const LeasePicture& lease) {
  return std::to_string(lease.count) + " of " + lease.semaphore + " since " +
         testing::text_of(lease.since) + " (token " + std::to_string(lease.token) + ")";
}

std::string text_of(const SemaphorePicture& semaphore) {
  std::string text = "  " + semaphore.name + " [" + std::to_string(semaphore.index) +
                     "]: acquired " + std::to_string(semaphore.acquired) + " of " +
                     std::to_string(semaphore.full_count) + ", remainder " +
                     (semaphore.remainder ? std::to_string(*semaphore.remainder) : "absent");
  text += ", pending " + std::to_string(semaphore.pending) + " of " +
          std::to_string(semaphore.waiting) + " for " +
          std::to_string(semaphore.longest_wait.count()) + " ns, granted " +
          std::to_string(semaphore.granted);
  if (semaphore.paused) text += ", paused";
  return text + (semaphore.retired ? ", retired\n" : "\n");
}

std::string text_of(const PeerPicture& peer) {
  std::string text = "  peer " + std::to_string(peer.id) + " '" + peer.label + "' until " +
                     testing::text_of(peer.removal);
  for (const LeasePicture& lease : peer.leases)
    text += ", holds " + text_of(lease);
  if (peer.pending) text += ", waits for " + text_of(*peer.pending);
  return text + "\n";
}

}  // namespace

std::string text_of(const LedgerPicture& picture) {
  std::string text;
  for (const SemaphorePicture& semaphore : picture.semaphores)
    text += text_of(semaphore);
  for (const PeerPicture& peer : picture.peers)
    text += text_of(peer);
  return text;
}

LedgerPicture LedgerPicture::without_deadlines() const {
  LedgerPicture copy = *this;
  for (PeerPicture& peer : copy.peers)
    peer.removal = kNever;
  return copy;
}

void visit_all_peers(const LeaseLedger& ledger, const LeaseLedger::PeerVisitor& visit) {
  for (PeerCursor cursor; !cursor.ended();)
    cursor = ledger.visit_peers(cursor, 3, visit);
}

void visit_all_peers(const NaiveLedger& ledger, const LeaseLedger::PeerVisitor& visit) {
  ledger.visit_peers(visit);
}

LeasePicture picture_of(const LeaseState& lease) {
  return {.semaphore = std::string(lease.semaphore),
          .count = lease.count,
          .token = lease.token,
          .since = lease.since};
}

SemaphorePicture picture_of(const SemaphoreState& semaphore) {
  return {.name = std::string(semaphore.name),
          .index = semaphore.index,
          .full_count = semaphore.full_count,
          .remainder = std::nullopt,
          .acquired = semaphore.acquired,
          .pending = semaphore.pending,
          .waiting = semaphore.waiting,
          .longest_wait = semaphore.longest_wait,
          .granted = semaphore.granted,
          .paused = semaphore.paused,
          .retired = semaphore.retired};
}

PeerPicture picture_of(const PeerState& peer) {
  PeerPicture picture{.id = peer.id,
                      .address = peer.address,
                      .label = std::string(peer.label),
                      .removal = peer.removal,
                      .leases = {},
                      .pending = std::nullopt,
                      .is_acquired = std::nullopt};
  for (const LeaseState& lease : peer.leases)
    picture.leases.push_back(picture_of(lease));
  if (peer.pending) picture.pending = picture_of(*peer.pending);
  return picture;
}

}  // namespace throttle::testing
