// The proof that the parts of a ledger sum up to the whole. Each part proves itself (check() of
// Peers, Waiters, Semaphores, Semaphore); here is what lies between them.
#include <string>
#include <vector>

#include "libthrottle/core/ledger_state.h"

namespace throttle {

std::string LedgerState::check_peer(const Peer& peer) const {
  const std::string who = "peer " + std::to_string(peer.id());
  if (peer.deadline() <= now() && clock_.removals_open()) return who + " outlived its deadline";
  for (std::uint32_t i = 0; i < peer.leases(); ++i) {
    const FencingToken token = peers_.lease(peer, i).token;
    if (token != 0 && !tokens_.may_have_issued(token)) return who + " has a token of nobody";
  }
  if (!peer.waits()) return {};
  const Waiter& waiter = waiters_[peer.waiter()];
  if (waiter.arrival == 0 || waiter.peer != peer.id()) return who + " and its waiter disagree";
  if (why_never_served(waiter) != Cause::kNone) return who + " waits for what it can never get";
  return {};
}

// What the semaphores count is what the peers hold, and who waits in a queue is named by its peer.
std::string LedgerState::check_sums() const {
  std::vector<WideSum> acquired(semaphores_.size());
  std::vector<std::size_t> leases(semaphores_.size());
  std::size_t peers_that_wait = 0;
  peers_.visit([&](const Peer& peer) {
    for (std::uint32_t i = 0; i < peer.leases(); ++i) {
      const Lease& lease = peers_.lease(peer, i);
      acquired[lease.semaphore].add(lease.count);
      ++leases[lease.semaphore];
    }
    if (peer.waits()) ++peers_that_wait;
  });
  std::size_t queued = 0;
  for (const Semaphore& semaphore : semaphores_) {
    const SemaphoreIndex index = semaphore.index();
    queued += semaphore.waiting();
    if (acquired[index] != semaphore.acquired() || leases[index] != semaphore.leases()) {
      return std::string(semaphore.name()) + ": the leases do not sum up to what is acquired";
    }
    if (semaphore.excess().count != (semaphore.retired() ? 0 : semaphore.over_commit()))
      return std::string(semaphore.name()) + ": the excess was not reported";
  }
  if (queued != waiters_.size()) return "a waiter is in no queue";
  if (peers_that_wait != waiters_.size()) return "a waiter has no peer";
  return {};
}

std::string LedgerState::check() const {
  std::string violation = peers_.check();
  const auto then = [&violation](auto proof) {
    if (violation.empty()) violation = proof();
  };
  then([&] { return waiters_.check(); });
  then([&] { return semaphores_.check(); });
  then([&] { return check_sums(); });
  peers_.visit([&](const Peer& peer) { then([&] { return check_peer(peer); }); });
  for (const Semaphore& semaphore : semaphores_) {
    then([&] { return semaphore.check(waiters_); });
    if (violation.empty() && head_fits(semaphore))
      violation = std::string(semaphore.name()) + ": the head of the queue fits and waits";
  }
  if (violation.empty() && any_marked()) violation = "a semaphore was not served";
  return violation;
}

}  // namespace throttle
