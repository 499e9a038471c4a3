// Words the decisions of the ledger as responses. Every text for people says what happened, where,
// and what to do next.
#include "libthrottle/lease/answers.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/text.h"

namespace throttle::lease {

using http::Response;

namespace {

std::string named(std::string_view semaphore) {
  return "semaphore " + quote(semaphore);
}

std::string unknown_of(std::span<const HeldLock> locks, const LeaseLedger& ledger) {
  std::string names;
  for (const HeldLock& lock : locks)
    if (!ledger.remainder(lock.semaphore))
      names.append(names.empty() ? "" : ", ").append(lock.semaphore);
  return names;
}

Response count_not_positive(const Asked& asked) {
  return text(400, "The count must be positive, but it is " + std::to_string(asked.count) +
                       ". Request 1 or more of " + named(asked.semaphore) + ".");
}

Response shrinks(const Asked& asked) {
  const std::string count = std::to_string(asked.count);
  return text(501, "Shrinking a lock to " + count +
                       " is not implemented: the peer already has more of " +
                       named(asked.semaphore) + ". Release the lock, then request " + count + ".");
}

Response grows(const AcquireOutcome& outcome, const Asked& asked) {
  const std::string level = std::to_string(outcome.level);
  return text(409, "Lock hierarchy violation: the peer already has less of " +
                       named(asked.semaphore) + ", which makes its level " + level +
                       ", and more of it would be a lock at level " + level +
                       ". Release the lock, then request " + std::to_string(asked.count) + ".");
}

Response breaks_hierarchy(const AcquireOutcome& outcome, const Asked& asked) {
  const std::string held = std::to_string(outcome.held_level);
  return text(409,
              "Lock hierarchy violation: the peer holds a lock at level " + held + ", and " +
                  named(asked.semaphore) + " is at level " + std::to_string(outcome.level) +
                  ". Acquire locks from high to low levels: with what it holds, this peer may only "
                  "acquire levels below " +
                  held + ".");
}

Response other_pending(const Asked& asked) {
  return text(409,
              "A peer waits for one lock at a time, and this peer already waits for a lock other "
              "than " +
                  named(asked.semaphore) + ". Wait for that lock or release it first.");
}

Response queue_full(const Asked& asked) {
  Response response = text(
      503, "The queue for " + named(asked.semaphore) + " is full (max_pending). Try again later.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

Response text(unsigned status, std::string body) {
  return {.status = status, .content_type = http::kTextType, .body = std::move(body)};
}

Response json(unsigned status, std::string body) {
  return {.status = status, .content_type = http::kJsonType, .body = std::move(body)};
}

Response ok() {
  return text(200, "Ok");
}

Response with_token(Response response, FencingToken token) {
  if (token != 0) {
    response.headers.emplace_back("Throttle-Fencing-Token", std::to_string(token));
  }
  return response;
}

Response granted(Generation generation, PeerId peer, FencingToken token) {
  const bool first = generation == Generation::kFirst;
  return with_token(json(200, first ? "true" : std::to_string(peer)), token);
}

Response pending(Generation generation, PeerId peer) {
  if (generation == Generation::kFirst) return json(200, "false");
  return json(202, std::to_string(peer));
}

Response unknown_peer() {
  return text(400, "Unknown peer");
}

Response unknown_semaphore(std::string name) {
  Response response = text(400, "Unknown semaphore");
  response.about = std::move(name);
  return response;
}

Response refused(const AcquireOutcome& outcome, const Asked& asked) {
  switch (outcome.status) {
    case AcquireStatus::kUnknownSemaphore:
      return unknown_semaphore(std::string(asked.semaphore));
    case AcquireStatus::kUnknownPeer:
      return unknown_peer();
    case AcquireStatus::kCountNotPositive:
      return count_not_positive(asked);
    case AcquireStatus::kNeverFits:
      return never_fits(asked, outcome.full_count);
    case AcquireStatus::kShrinks:
      return shrinks(asked);
    case AcquireStatus::kGrows:
      return grows(outcome, asked);
    case AcquireStatus::kBreaksHierarchy:
      return breaks_hierarchy(outcome, asked);
    case AcquireStatus::kOtherPending:
      return other_pending(asked);
    case AcquireStatus::kQueueFull:
      return queue_full(asked);
    case AcquireStatus::kAcquired:
    case AcquireStatus::kPending:
      break;
  }
  check_failed(__FILE__, __LINE__, "a refusal");
}

Response refused(RestoreStatus status, PeerId peer, std::span<const HeldLock> held,
                 const LeaseLedger& ledger) {
  switch (status) {
    case RestoreStatus::kUnknownSemaphore:
      return unknown_semaphore(unknown_of(held, ledger));
    case RestoreStatus::kCountNotPositive:
      return text(400, "Every restored count must be positive. Leave out what is not held.");
    case RestoreStatus::kDiffers:
      return text(409,
                  "Peer " + std::to_string(peer) +
                      " exists with other locks, or waits for one. A restore does not change an "
                      "existing peer: acquire and release its locks instead.");
    case RestoreStatus::kTooLarge:
      return text(409,
                  "With a restored count the leases of its semaphore would sum up to more than " +
                      std::to_string(kMostRestored) +
                      ". Nothing was restored. Restore what the peer really held.");
    case RestoreStatus::kBarred:
      return text(409, "Peer " + std::to_string(peer) +
                           " was ended by an operator and may not come back yet. What it held may "
                           "be another's: stop using it, and acquire it again with a new peer.");
    case RestoreStatus::kRestored:
    case RestoreStatus::kAlreadyKnown:
      break;
  }
  check_failed(__FILE__, __LINE__, "a refusal");
}

Response never_fits(const Asked& asked, Count full_count) {
  const std::string most = std::to_string(full_count);
  return text(409, "Lock can never be acquired. Asked for " + std::to_string(asked.count) +
                       ", but the full count of " + named(asked.semaphore) + " is " + most +
                       ", so it would block forever. Request at most " + most + ".");
}

Response too_many_peers(std::size_t most) {
  Response response =
      text(503, "There are as many peers as there may be (max_peers = " + std::to_string(most) +
                    "). Delete peers that are not needed, or try again later.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response out_of_memory() {
  Response response =
      text(503,
           "This server has no memory for another peer; those that are here are served. Delete "
           "peers that are not needed, or try again later.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response too_many_barred() {
  return text(503, "As many peers as may be (" + std::to_string(LeaseLedger::kMostBarred) +
                       ") are kept from coming back already. Nothing was ended. Leave out bar, or "
                       "try again when some of these times are over.");
}

Response expires_too_late(Duration most) {
  return text(400, "expires_in is longer than this server allows (max_expires_in = " +
                       format_duration(most) + "). Ask for that or less, and renew the peer.");
}

Response hierarchy_changed(std::string_view semaphore) {
  return text(409,
              "Lock hierarchy violation: a reload changed the levels while this request waited, "
              "and the peer now holds a lock at or below the level of " +
                  named(semaphore) + ". Release what it holds, then try again.");
}

}  // namespace throttle::lease
