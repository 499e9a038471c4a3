// The routes of the first generation, and both generations on one ledger.
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class FirstRoutes : public DoorTest {
 protected:
  FirstRoutes() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 5, .level = 1}});
  }

  std::string acquire(std::string_view pending, std::string_view expires_in = "900000ms") {
    return ask("POST /acquire", R"({"pending": )" + std::string(pending) + R"(, "expires_in": ")" +
                                    std::string(expires_in) + R"("})");
  }
  std::string block(std::string_view peer, std::string_view pending) {
    return ask("POST /peers/" + std::string(peer) + "/block_until_acquired",
               R"({"expires_in": "5min", "active": {}, "pending": )" + std::string(pending) + "}");
  }
  std::string keep_active(std::string_view peer, std::string_view active,
                          std::string_view expires_in = "5min") {
    return ask("PUT /peers/" + std::string(peer), R"({"expires_in": ")" + std::string(expires_in) +
                                                      R"(", "active": )" + std::string(active) +
                                                      "}");
  }
};

// --- POST /acquire ---

TEST_F(FirstRoutes, AnAcquireCreatesAPeerThatHoldsOrWaits) {
  EXPECT_THAT(acquire(R"({"A": 1})"), StartsWith("201 "));
  EXPECT_THAT(response().body, IsDigits());
  EXPECT_EQ(response().content_type, "application/json");
  EXPECT_NE(token(), "");
  const std::string holder = response().body;
  EXPECT_THAT(acquire(R"({"A": 1})"), StartsWith("202 "));
  EXPECT_THAT(response().body, IsDigits());
  EXPECT_EQ(token(), "");
  const std::string waiter = response().body;
  EXPECT_EQ(ask("GET /peers/" + waiter + "/is_acquired"), "200 false");
  EXPECT_EQ(ask("DELETE /peers/" + holder), R"(200 "Peer released")");
  EXPECT_EQ(ask("GET /peers/" + waiter + "/is_acquired"), "200 true");
}

TEST_F(FirstRoutes, AnAcquireThatIsRefusedLeavesNoPeerBehind) {
  EXPECT_EQ(acquire(R"({"C": 1})"), "400 Unknown semaphore");
  EXPECT_THAT(acquire(R"({"A": 2})"), StartsWith("409 "));
  EXPECT_THAT(response().body, HasSubstr("block forever"));
  EXPECT_THAT(acquire(R"({"A": 9223372036854775807})"), StartsWith("409 "));
  EXPECT_THAT(acquire("{}"), StartsWith("400 \""));
  EXPECT_EQ(response().content_type, "application/json");
  EXPECT_THAT(acquire(R"({"A": 1, "B": 1})"), StartsWith("400 A peer acquires one lock"));
  EXPECT_THAT(acquire(R"({"A": -1})"), StartsWith("422 "));
  EXPECT_EQ(ledger.peer_count(), 0U);
}

TEST_F(FirstRoutes, ACountOfZeroIsAcquiredAtOnce) {
  acquire(R"({"A": 1})");
  EXPECT_THAT(acquire(R"({"A": 0})"), StartsWith("201 "));
}

TEST_F(FirstRoutes, AnAcquireIsNotIdempotent) {
  acquire(R"({"B": 3})");
  acquire(R"({"B": 3})");
  EXPECT_EQ(response().status, 202U);
  EXPECT_EQ(ledger.peer_count(), 2U);
}

TEST_F(FirstRoutes, AnAcquireMayCarryALabel) {
  ask("POST /acquire", R"({"pending": {"A": 1}, "expires_in": "1s", "label": "job 7"})");
  std::string label;
  ledger.visit_peers({}, 1000, [&label](const PeerState& peer) { label = peer.label; });
  EXPECT_EQ(label, "job 7");
}

TEST_F(FirstRoutes, AFullQueueLeavesNoPeerBehind) {
  configure({{.name = "A", .full_count = 1, .max_pending = 0}});
  acquire(R"({"A": 1})");
  EXPECT_THAT(acquire(R"({"A": 1})"), StartsWith("503 "));
  EXPECT_EQ(ledger.peer_count(), 1U);
}

// --- POST /peers/{id}/block_until_acquired ---

TEST_F(FirstRoutes, BlockingOnAKnownPeerTellsWhetherItHolds) {
  acquire(R"({"A": 1})");
  const std::string holder = response().body;
  EXPECT_EQ(block(holder, R"({"A": 1})"), "200 true");
  acquire(R"({"A": 1})");
  const std::string waiter = response().body;
  EXPECT_EQ(block(waiter, R"({"A": 1})"), "200 false");
  ask("DELETE /peers/" + holder);
  EXPECT_EQ(block(waiter, R"({"A": 1})"), "200 true");
}

TEST_F(FirstRoutes, BlockingOnAKnownPeerIgnoresWhatItSaysIsPending) {
  acquire(R"({"A": 1})");
  const std::string holder = response().body;
  EXPECT_EQ(block(holder, R"({"C": 7, "B": 99})"), "200 true");
}

TEST_F(FirstRoutes, BlockingProlongsThePeer) {
  acquire(R"({"A": 1})", "1s");
  const std::string holder = response().body;
  block(holder, R"({"A": 1})");
  pass(4min);
  EXPECT_EQ(ask("GET /peers/" + holder + "/is_acquired"), "200 true");
  EXPECT_EQ(ask("POST /remove_expired"), "200 0");
}

TEST_F(FirstRoutes, BlockingOnAPeerThatJustExpiredAsksAnew) {
  acquire(R"({"A": 1})", "1s");
  const std::string holder = response().body;
  pass_unnoticed(2s);
  EXPECT_EQ(block(holder, R"({"A": 1})"), "200 true");
  EXPECT_EQ(remainder("A"), "0");
}

TEST_F(FirstRoutes, BlockingSeesThatTheHolderJustExpired) {
  acquire(R"({"A": 1})", "1s");
  acquire(R"({"A": 1})");
  const std::string waiter = response().body;
  pass_unnoticed(2s);
  EXPECT_EQ(block(waiter, R"({"A": 1})"), "200 true");
}

TEST_F(FirstRoutes, BlockingWithNothingPendingTouchesNothing) {
  EXPECT_EQ(block("42", "{}"), "200 true");
  EXPECT_EQ(ledger.peer_count(), 0U);
  acquire(R"({"A": 1})", "1s");
  EXPECT_EQ(block(response().body, "{}"), "200 true");
  pass(2s);
  EXPECT_EQ(remainder("A"), "1");
}

TEST_F(FirstRoutes, BlockingOnAForgottenPeerAsksAnewUnderTheOldId) {
  EXPECT_EQ(block("42", R"({"A": 1})"), "200 true");
  EXPECT_NE(token(), "");
  EXPECT_EQ(ask("GET /peers/42/is_acquired"), "200 true");
  EXPECT_EQ(block("43", R"({"A": 1})"), "200 false");
  EXPECT_EQ(ask("GET /peers/43/is_acquired"), "200 false");
}

TEST_F(FirstRoutes, BlockingOnAForgottenPeerRefusesWhatNobodyCouldGet) {
  EXPECT_EQ(block("42", R"({"C": 1})"), "400 Unknown semaphore");
  EXPECT_THAT(block("42", R"({"A": 2})"), StartsWith("409 "));
  EXPECT_THAT(block("42", R"({"A": 1, "B": 1})"), StartsWith("400 A peer acquires one lock"));
  EXPECT_EQ(ledger.peer_count(), 0U);
}

TEST_F(FirstRoutes, BlockingAfterAReloadEndedTheWaitAsksAnew) {
  acquire(R"({"B": 5})");
  const std::string holder = response().body;
  acquire(R"({"B": 4})");
  const std::string waiter = response().body;
  configure({{.name = "B", .full_count = 3}});
  EXPECT_THAT(block(waiter, R"({"B": 4})"), StartsWith("409 "));
  configure({{.name = "A", .full_count = 1}});
  EXPECT_EQ(block(waiter, R"({"B": 4})"), "400 Unknown semaphore");
  configure({{.name = "B", .full_count = 5}});
  EXPECT_EQ(block(waiter, R"({"B": 4})"), "200 false");
  ask("DELETE /peers/" + holder);
  EXPECT_EQ(block(waiter, R"({"B": 4})"), "200 true");
  EXPECT_EQ(remainder("B"), "1");
}

TEST_F(FirstRoutes, BlockingThatCannotBeReadLeavesAPeerThatLostItsLockAlone) {
  acquire(R"({"A": 1})");
  acquire(R"({"A": 1})");
  const std::string waiter = response().body;
  configure({{.name = "B", .full_count = 5}});
  EXPECT_THAT(block(waiter, R"({"A": 1, "B": 1})"), StartsWith("400 A peer acquires one lock"));
  EXPECT_EQ(ask("GET /peers/" + waiter + "/is_acquired"), "200 true");
}

TEST_F(FirstRoutes, BlockingDoesNotReadWhatIsActive) {
  EXPECT_EQ(ask("POST /peers/42/block_until_acquired?timeout_ms=0",
                R"({"expires_in": "5min", "active": [1.5, null], "pending": {"A": 1}})"),
            "200 true");
}

TEST_F(FirstRoutes, ALifeOfZeroThatIsAcquiredIsToldSo) {
  EXPECT_EQ(
      ask("POST /peers/42/block_until_acquired", R"({"expires_in": "0ms", "pending": {"A": 1}})"),
      "200 true");
  EXPECT_EQ(remainder("A"), "1");
  restore("42", R"({"A": 1})");
  EXPECT_EQ(
      ask("POST /peers/42/block_until_acquired", R"({"expires_in": "0ms", "pending": {"A": 1}})"),
      "200 true");
  EXPECT_EQ(remainder("A"), "1");
}

// --- PUT /peers/{id} with `active` ---

TEST_F(FirstRoutes, AHeartbeatOfAKnownPeerIgnoresWhatItSaysIsActive) {
  restore("5", R"({"A": 1})");
  EXPECT_EQ(keep_active("5", R"({"B": 3, "C": 99})"), "200 Ok");
  EXPECT_EQ(remainder("B"), "5");
}

TEST_F(FirstRoutes, AHeartbeatOfAKnownPeerMovesItsDeadline) {
  restore("5", R"({"A": 1})");
  EXPECT_EQ(keep_active("5", R"({"A": 1})", "1s"), "200 Ok");
  pass(2s);
  EXPECT_EQ(remainder("A"), "1");
}

TEST_F(FirstRoutes, AHeartbeatOfAForgottenPeerBringsItsLockBackWhateverIsHeld) {
  restore("4", R"({"A": 1})");
  EXPECT_EQ(keep_active("5", R"({"A": 1})"), "200 Ok");
  EXPECT_EQ(remainder("A"), "-1");
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "200 true");
}

TEST_F(FirstRoutes, AHeartbeatOfAForgottenPeerBringsAllItsLocksBack) {
  EXPECT_EQ(keep_active("5", R"({"B": 2, "A": 1})"), "200 Ok");
  EXPECT_EQ(remainder("A"), "0");
  EXPECT_EQ(remainder("B"), "3");
}

TEST_F(FirstRoutes, AHeartbeatOfAForgottenPeerRestoresWhatIsConfigured) {
  EXPECT_EQ(keep_active("5", R"({"A": 1, "C": 1})"), "400 Unknown semaphore");
  EXPECT_EQ(remainder("A"), "0");
  EXPECT_EQ(keep_active("5", R"({"A": 1, "C": 1})"), "200 Ok") << "of a known peer it is ignored";
}

TEST_F(FirstRoutes, AHeartbeatOfAForgottenPeerMayBringBackMoreThanALoweredLimit) {
  EXPECT_EQ(keep_active("5", R"({"A": 2})"), "200 Ok");
  EXPECT_EQ(remainder("A"), "-1");
}

TEST_F(FirstRoutes, AHeartbeatOfAForgottenPeerIsRefusedAsAWhole) {
  EXPECT_EQ(keep_active("5", R"({"C": 1})"), "400 Unknown semaphore");
  EXPECT_THAT(keep_active("5", R"({"A": 9223372036854775807})"), StartsWith("409 "));
  EXPECT_THAT(keep_active("5", R"({"A": -1})"), StartsWith("422 "));
  EXPECT_EQ(ledger.peer_count(), 0U);
  EXPECT_EQ(keep_active("5", R"({"A": 0})"), "200 Ok");
}

TEST_F(FirstRoutes, AHeartbeatWithNothingActiveTouchesNothing) {
  EXPECT_EQ(keep_active("5", "{}"), "200 Ok");
  EXPECT_EQ(ledger.peer_count(), 0U);
  const std::string id = new_peer("1s");
  EXPECT_EQ(keep_active(id, "{}", "1h"), "200 Ok");
  pass(2s);
  EXPECT_EQ(ledger.peer_count(), 0U);
}

// --- the small ones ---

TEST_F(FirstRoutes, RemovingTheExpiredTellsHowManyThisCallRemoved) {
  acquire(R"({"A": 1})", "1s");
  acquire(R"({"B": 1})", "1s");
  EXPECT_EQ(ask("POST /remove_expired"), "200 0");
  pass_unnoticed(2s);
  EXPECT_EQ(ask("POST /remove_expired"), "200 2");
  EXPECT_EQ(response().content_type, "application/json");
  EXPECT_EQ(ask("POST /remove_expired"), "200 0");
}

TEST_F(FirstRoutes, FreezingDoesNotStall) {
  EXPECT_EQ(ask("POST /freeze?for=1h"), "200 Ok");
}

// --- both generations on one ledger ---

TEST_F(FirstRoutes, BothGenerationsStandInOneQueue) {
  acquire(R"({"A": 1})");
  const std::string first = response().body;
  restore("5");
  ASSERT_EQ(ask("PUT /peers/5/A?block_for=15s", "1"), "parked");
  const auto current_waits = exchange();
  acquire(R"({"A": 1})");
  const std::string last = response().body;
  ASSERT_EQ(ask("POST /peers/" + last + "/block_until_acquired?timeout_ms=15000",
                R"({"expires_in": "5min", "pending": {"A": 1}})"),
            "parked");
  const auto first_waits = exchange();

  ask("DELETE /peers/" + first);
  EXPECT_EQ(answer(current_waits), "200 5");
  EXPECT_EQ(answer(first_waits), "parked");
  ask("DELETE /peers/5/A");
  EXPECT_EQ(answer(first_waits), "200 true");
  EXPECT_EQ(remainder("A"), "0");
}

TEST_F(FirstRoutes, AFirstGenerationPeerMayBeAskedInTheCurrentWay) {
  acquire(R"({"B": 2})");
  const std::string granted = token();
  const std::string peer = response().body;
  EXPECT_EQ(ask("PUT /peers/" + peer + "/B", "2"), "200 " + peer);
  EXPECT_EQ(token(), granted);
  EXPECT_EQ(ask("PUT /peers/" + peer, R"({"expires_in": "1s"})"), "200 Ok");
  EXPECT_EQ(ask("DELETE /peers/" + peer + "/B"), "200 Ok");
  EXPECT_EQ(remainder("B"), "5");
}

}  // namespace
}  // namespace throttle::lease
