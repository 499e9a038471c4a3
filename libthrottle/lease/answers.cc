#include "libthrottle/lease/answers.h"

#include <utility>

#include "libthrottle/core/check.h"
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
                       ". Ask for 1 or more of " + named(asked.semaphore) + ".");
}

Response shrinks(const Asked& asked) {
  const std::string count = std::to_string(asked.count);
  return text(501, "Shrinking a lock to " + count +
                       " is not implemented: the peer already has more of " +
                       named(asked.semaphore) + ". Release the lock, then ask for " + count + ".");
}

Response grows(const AcquireOutcome& outcome, const Asked& asked) {
  const std::string level = std::to_string(outcome.level);
  return text(409, "Lock hierarchy violation: the peer already has less of " +
                       named(asked.semaphore) + ", which makes its level " + level +
                       ", and more of it would be a lock at level " + level +
                       ". Release the lock, then ask for " + std::to_string(asked.count) + ".");
}

Response breaks_hierarchy(const AcquireOutcome& outcome, const Asked& asked) {
  const std::string held = std::to_string(outcome.held_level);
  return text(409,
              "Lock hierarchy violation: the peer holds a lock at level " + held + ", and " +
                  named(asked.semaphore) + " is at level " + std::to_string(outcome.level) +
                  ". Acquire locks from high to low levels; beside what it holds, this peer may "
                  "ask for levels below " +
                  held + ".");
}

Response other_pending(const Asked& asked) {
  return text(409,
              "A peer waits for one lock at a time, and this one already waits for another "
              "than " +
                  named(asked.semaphore) + ". Wait for that one or release it first.");
}

Response queue_full(const Asked& asked) {
  return text(503, "The queue of " + named(asked.semaphore) +
                       " is full: as many requests wait as may. Ask again later.");
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
                      " exists with other locks, or waits for one. A restore cannot change it: "
                      "acquire and release its locks instead.");
    case RestoreStatus::kNeverFits:
      return text(409,
                  "A restored count is beyond the full count of its semaphore, so it was never "
                  "granted. Restore what the peer really held.");
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
                       ", so it would block forever. " +
                       (full_count > 0 ? "Ask for at most " + most + "."
                                       : "Nobody can hold it unless its full count is raised."));
}

Response hierarchy_changed(std::string_view semaphore) {
  return text(409,
              "Lock hierarchy violation: the levels were changed while this request waited, and "
              "the peer holds a lock at or below the level of " +
                  named(semaphore) + " now. Release what it holds, then ask again.");
}

}  // namespace throttle::lease
