// A ledger with a clock in hand: each step of a test is proven (checked_ledger.h), a violation is a
// failure of the test. Threads: one at a time.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/checked_ledger.h"
#include "tests/testing/ledger_text.h"

namespace throttle::testing {

class LedgerTest : public ::testing::Test {
 protected:
  using Locks = std::initializer_list<HeldLock>;

  LedgerTest() : LedgerTest(LeaseLedger::Options{.seed = 1, .start = kStart}) {}
  explicit LedgerTest(const LeaseLedger::Options& options) : now(options.start), ledger_(options) {}

  // --- the operations, at `now` ---

  void configure(std::initializer_list<SemaphoreSettings> settings) {
    const std::vector<SemaphoreSettings> all(settings);
    ledger_.configure(now, all);
    note();
  }
  PeerId add_peer(Duration time_to_live = std::chrono::hours(1)) {
    return add_peer(living(time_to_live));
  }
  PeerId add_peer(const PeerSpec& spec) { return noted(ledger_.add_peer(now, spec)); }
  Presence heartbeat(PeerId peer, Duration time_to_live) {
    return noted(ledger_.heartbeat(now, peer, time_to_live));
  }
  Presence remove_peer(PeerId peer, Cause cause = Cause::kReleased) {
    return noted(ledger_.remove_peer(now, peer, cause));
  }
  AcquireOutcome ask(const AcquireRequest& request) { return noted(ledger_.acquire(now, request)); }
  AcquireStatus acquire(PeerId peer, std::string_view semaphore, Count count = 1) {
    return ask({.peer = peer, .semaphore = semaphore, .count = count}).status;
  }
  AcquireOutcome enroll(const EnrollRequest& request) {
    return noted(ledger_.enroll(now, request));
  }
  ReleaseStatus release(PeerId peer, std::string_view semaphore, Cause cause = Cause::kReleased) {
    return noted(ledger_.release(now, peer, semaphore, cause));
  }
  RestoreStatus restore(PeerId peer, Locks held, Duration time_to_live = std::chrono::hours(1),
                        CountRule rule = CountRule::kPositive) {
    const std::vector<HeldLock> locks(held);
    return noted(ledger_.restore(
        now, {.peer = peer, .spec = living(time_to_live), .held = locks, .count_rule = rule}));
  }
  Presence limit_hold(PeerId peer, Duration hold) {
    return noted(ledger_.limit_hold(now, peer, hold));
  }
  Presence end_within(PeerId peer, Duration span) {
    return noted(ledger_.end_within(now, peer, span));
  }
  bool bar(PeerId peer, Duration span) { return noted(ledger_.bar(now, peer, span)); }
  void pause(std::string_view semaphore) {
    ledger_.pause(semaphore);
    note();
  }
  void resume(std::string_view semaphore) {
    ledger_.resume(now, semaphore);
    note();
  }
  void set_label(PeerId peer, std::string_view label) {
    ledger_.set_label(peer, label);
    note();
  }
  // Moves the clock and lets the ledger know; returns how many peers went.
  std::size_t pass(Duration length) {
    now += length;
    return noted(ledger_.advance(now));
  }

  static PeerSpec living(Duration time_to_live) {
    return {.time_to_live = time_to_live, .address = {}, .label = {}};
  }
  // A peer that holds or awaits this much.
  PeerId asking(std::string_view semaphore, Count count = 1) {
    const PeerId peer = add_peer();
    const AcquireStatus status = acquire(peer, semaphore, count);
    EXPECT_THAT(status, ::testing::AnyOf(AcquireStatus::kAcquired, AcquireStatus::kPending));
    return peer;
  }

  // --- questions ---

  const LeaseLedger& ledger() const { return ledger_.ledger(); }
  LedgerPicture picture() const { return ledger_.picture(); }
  Count remainder(std::string_view semaphore) const {
    return ledger().remainder(semaphore).value();
  }
  bool is_known(PeerId peer) const { return ledger().contains(peer); }
  bool is_acquired(PeerId peer) const { return ledger().is_acquired(peer).value(); }
  SemaphoreState state_of(std::string_view semaphore) const {
    return ledger().semaphore(semaphore).value();
  }
  PeerPicture picture_of(PeerId peer) const {
    for (const PeerPicture& each : picture().peers) {
      if (each.id == peer) return each;
    }
    ADD_FAILURE() << "no peer " << peer;
    return {};
  }
  bool holds(PeerId peer, std::string_view semaphore) const {
    for (const LeasePicture& lease : picture_of(peer).leases) {
      if (lease.semaphore == semaphore) return true;
    }
    return false;
  }

  // What happened since the last look.
  std::vector<LedgerEvent> events() { return std::exchange(history_, {}); }
  std::vector<LedgerEvent> events_of(EventKind kind) {
    std::vector<LedgerEvent> found;
    for (const LedgerEvent& event : events()) {
      if (event.kind == kind) found.push_back(event);
    }
    return found;
  }
  // The peers that were granted something since the last look, in order.
  std::vector<PeerId> granted() { return peers_of(EventKind::kGranted); }
  // The peers that were removed since the last look, in order.
  std::vector<PeerId> removed() { return peers_of(EventKind::kPeerRemoved); }

  static constexpr TimePoint kStart = TimePoint(std::chrono::hours(1000));
  TimePoint now;

 private:
  std::vector<PeerId> peers_of(EventKind kind) {
    std::vector<PeerId> peers;
    for (const LedgerEvent& event : events_of(kind))
      peers.push_back(event.peer);
    return peers;
  }
  template <typename Answer>
  Answer noted(Answer answer) {
    note();
    return answer;
  }
  void note() {
    history_.insert(history_.end(), ledger_.events().begin(), ledger_.events().end());
    EXPECT_TRUE(ledger_.violation().empty()) << ledger_.violation();
  }

  CheckedLedger ledger_;
  std::vector<LedgerEvent> history_;
};

}  // namespace throttle::testing
